import type { TokenRole } from '@xx-pipeline/common';
import type { Access, Bytes, Checked, Route } from '@xx-pipeline/common/api';
import type { z } from 'zod';

/** Who calls: nobody in particular, or the holder of a token. */
export type Caller =
  | { readonly kind: 'public' }
  | { readonly kind: TokenRole; readonly name: string }
  /** Not verified yet: only who knows the job can say whether the token is that of its current attempt. */
  | { readonly kind: 'job'; readonly token: string };

/** A caller that has a token. */
export type TokenHolder = Exclude<Caller, { readonly kind: 'public' }>;

/** The kinds of callers that have a token. */
export type TokenKind = Exclude<Access, 'public'>;

type Part<R extends Route, Name extends 'params' | 'query' | 'headers'> = R[Name] extends z.ZodObject
  ? Checked<R[Name]>
  : Readonly<Record<string, never>>;

type Body<R extends Route> = R['body'] extends Bytes
  ? AsyncIterable<Uint8Array>
  : R['body'] extends z.ZodType
    ? Checked<R['body']>
    : undefined;

/** A call of an operation, checked. */
export interface RouteCall<R extends Route> {
  readonly params: Part<R, 'params'>;
  readonly query: Part<R, 'query'>;
  readonly body: Body<R>;
  readonly caller: Caller;
  readonly rawHeaders: Readonly<Record<string, string | string[] | undefined>>;
  /** Aborts when the client has gone or the server closes. */
  readonly signal: AbortSignal;
}

/** An event to be sent; `data` becomes JSON. */
export interface OutgoingEvent {
  readonly id?: string | number;
  readonly event: string;
  readonly data: unknown;
}

/** Events that are encoded already, for many who get the same. */
export interface EncodedEvents {
  readonly encoded: Uint8Array;
}

// What JSON.stringify takes: our records are readonly, schemas are not.
type Sendable<T> = T extends readonly (infer Item)[]
  ? readonly Sendable<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Sendable<T[Key]> }
    : T;

type Outgoing<T> = T extends 'events'
  ? AsyncIterable<OutgoingEvent | EncodedEvents>
  : T extends 'text'
    ? string
    : T extends Bytes
      ? AsyncIterable<Uint8Array>
      : T extends z.ZodType
        ? Sendable<Checked<T>>
        : null;

/** What a handler answers; errors are thrown as `HttpProblem`. */
export type HandlerAnswer<R extends Route> = {
  [Status in keyof R['responses'] & number]: {
    readonly status: Status;
    readonly body: Outgoing<R['responses'][Status]>;
    readonly headers?: Readonly<Record<string, string>>;
  };
}[keyof R['responses'] & number];

/** One operation's code. */
export type Handler<R extends Route> = (call: RouteCall<R>) => Promise<HandlerAnswer<R>>;

/** Code for every operation of a table: a missing one does not compile. */
export type Handlers<Routes extends Record<string, Route>> = { readonly [Name in keyof Routes]: Handler<Routes[Name]> };
