import type { z } from 'zod';
import type { TokenRole } from '../../execution/Principal.ts';

/** Who may call: anybody, a person's token, a worker's token, or the token of one attempt (`job`). */
export type Access = 'public' | TokenRole | 'job';

/** A body that is no JSON: raw bytes, streamed. */
export type Bytes = 'bytes';

/** One operation of an API. Server, clients and OpenAPI all come from this value. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With `{name}` for what `params` describes. */
  readonly path: string;
  readonly summary: string;
  /** Any of these is let in. */
  readonly access: readonly Access[];
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly headers?: z.ZodObject;
  readonly body?: z.ZodType | Bytes;
  /** Bytes the body may have; 1 MiB where nothing is said. */
  readonly bodyLimit?: number;
  /** Success: status -> body. `events` = server-sent events; null = no body. */
  readonly responses: Readonly<Record<number, z.ZodType | Bytes | 'events' | 'text' | null>>;
  /** Problems besides 400, 401, 403 and 500, which any operation may answer. */
  readonly problems?: Readonly<Record<number, string>>;
}
