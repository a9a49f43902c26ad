import type { z } from 'zod';
import type { ServerSentEvent } from '../wire/server-sent-events.ts';
import type { Bytes, Route } from './Route.ts';

type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

/** What a caller may give for a schema: defaults left out, lists readonly. */
export type Given<Schema extends z.ZodType> = DeepReadonly<z.input<Schema>>;

/** What a server or a caller gets after the schema was applied. */
export type Checked<Schema extends z.ZodType> = z.output<Schema>;

/** Raw bytes in either form. */
export type ByteSource = Uint8Array | AsyncIterable<Uint8Array>;

// Texts of addresses are coerced, so their input type says nothing: the types of the output, as optional as the input.
type GivenTexts<Schema extends z.ZodObject> = {
  readonly [Key in keyof z.input<Schema>]: Key extends keyof z.output<Schema> ? z.output<Schema>[Key] : never;
};

type OptionalIfEmpty<Name extends string, T> = object extends T
  ? { readonly [K in Name]?: T }
  : { readonly [K in Name]: T };

type GivenPart<R extends Route, Name extends 'params' | 'query' | 'headers'> = R[Name] extends z.ZodObject
  ? OptionalIfEmpty<Name, GivenTexts<R[Name]>>
  : unknown;

type GivenBody<R extends Route> = R['body'] extends Bytes
  ? { readonly body: ByteSource; readonly contentType?: string }
  : R['body'] extends z.ZodType
    ? undefined extends z.input<R['body']>
      ? { readonly body?: Given<R['body']> }
      : { readonly body: Given<R['body']> }
    : unknown;

/** What a call of an operation needs. */
export type RouteInput<R extends Route> = GivenPart<R, 'params'> &
  GivenPart<R, 'query'> &
  GivenPart<R, 'headers'> &
  GivenBody<R>;

type AnswerBody<T> = T extends 'events'
  ? AsyncIterable<ServerSentEvent>
  : T extends 'text'
    ? string
    : T extends Bytes
      ? AsyncIterable<Uint8Array>
      : T extends z.ZodType
        ? Checked<T>
        : null;

/** A successful answer: told apart by `status` where there are several. */
export type RouteAnswer<R extends Route> = {
  [Status in keyof R['responses'] & number]: {
    readonly status: Status;
    readonly headers: Readonly<Record<string, string | string[] | undefined>>;
    readonly body: AnswerBody<R['responses'][Status]>;
  };
}[keyof R['responses'] & number];
