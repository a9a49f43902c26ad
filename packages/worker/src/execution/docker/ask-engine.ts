import type { Readable } from 'node:stream';
import { ExecutionBroken } from '../errors.ts';
import { EngineTransport } from './EngineTransport.ts';
import { locateEngine, processSurroundings, showEngineAddress } from './engine-address.ts';

/** One call of the Engine API. */
export interface EngineCall {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  /** JSON text, or a tar stream. */
  readonly body?: string | AsyncIterable<Uint8Array>;
  /** Milliseconds until the head of the answer must be there. Default 10 s. */
  readonly deadline?: number;
}

/** Result of a call to the engine. */
export type EngineAnswer =
  | { readonly kind: 'answer'; readonly status: number; readonly body: Readable }
  /** `code`: that of the system error, else `BROKEN`. */
  | { readonly kind: 'no-answer'; readonly code: string; readonly message: string; readonly help: string | null };

/** Where a run looks for its engine. */
export interface EngineLocation {
  /** As in `DOCKER_HOST`. */
  readonly address: string;
  /** The engine has the files of this machine. */
  readonly isLocal: boolean;
  /** The setting that chose it; null: the first socket that exists. */
  readonly setting: string | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The engine that runs use with these environment variables. Throws `ExecutionBroken` where a setting is wrong. */
export function findEngine(env: Environment): EngineLocation {
  const { address, setting } = locateEngine(surroundings(env));
  return { address: showEngineAddress(address), isLocal: address.kind === 'unix', setting };
}

/** One call to that engine. Never rejects; `signal` ends the reading of the body too. */
export async function askEngine(env: Environment, call: EngineCall, signal: AbortSignal): Promise<EngineAnswer> {
  try {
    const transport = new EngineTransport(locateEngine(surroundings(env)).address);
    const { status, body } = await transport.send({ deadline: 10_000, ...call, signal });
    body.once('close', () => transport.close());
    return { kind: 'answer', status, body };
  } catch (error) {
    const cause = (error instanceof Error ? error.cause : undefined) as NodeJS.ErrnoException | undefined;
    return {
      kind: 'no-answer',
      code: cause?.code ?? 'BROKEN',
      message: error instanceof Error ? error.message : String(error),
      help: error instanceof ExecutionBroken ? error.help : null,
    };
  }
}

function surroundings(env: Environment) {
  const own = processSurroundings();
  return { ...own, env, home: env['HOME'] ?? own.home };
}
