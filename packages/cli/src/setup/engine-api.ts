import { request } from 'node:http';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { SetupWorld } from './SetupCheck.ts';

/** What became of a call to the engine. */
export type EngineAnswer =
  | { readonly kind: 'answer'; readonly status: number; readonly body: Readable }
  | { readonly kind: 'no-answer'; readonly code: string; readonly message: string };

/** Where the engine should be: DOCKER_HOST, else the standard socket. */
export function engineAddress(world: Pick<SetupWorld, 'env'>): string {
  return world.env['DOCKER_HOST'] || 'unix:///var/run/docker.sock';
}

/** The options of node:http for an engine's address; null for kinds that only job runs speak to (ssh, TLS). */
function connection(address: string): { socketPath: string } | { host: string; port: string } | null {
  if (address.startsWith('unix://')) return { socketPath: address.slice('unix://'.length) };
  if (address.startsWith('/')) return { socketPath: address };
  const tcp = /^(?:tcp|http):\/\/(\[[0-9a-f:]+\]|[^:/]+)(?::(\d+))?\/?$/i.exec(address);
  return tcp?.[1] === undefined ? null : { host: tcp[1].replace(/^\[|\]$/g, ''), port: tcp[2] ?? '2375' };
}

/** One call to the engine; never rejects. */
export function callEngine(
  world: Pick<SetupWorld, 'env' | 'signal'>,
  call: { method: 'GET' | 'POST' | 'DELETE'; path: string; body?: Readable | string; deadline?: number },
): Promise<EngineAnswer> {
  const where = connection(engineAddress(world));
  if (where === null) {
    const message = `cannot look through ${engineAddress(world)} from here`;
    return Promise.resolve({ kind: 'no-answer', code: 'UNSUPPORTED', message });
  }
  return new Promise((resolve) => {
    const signal = AbortSignal.any([world.signal, AbortSignal.timeout(call.deadline ?? 10_000)]);
    const message = request({ ...where, method: call.method, path: call.path, agent: false, signal }, (response) =>
      resolve({ kind: 'answer', status: response.statusCode ?? 0, body: response }),
    );
    message.once('error', (error: NodeJS.ErrnoException) =>
      resolve({ kind: 'no-answer', code: error.code ?? error.name, message: error.message }),
    );
    if (call.body === undefined || typeof call.body === 'string') {
      if (call.body !== undefined) message.setHeader('Content-Type', 'application/json');
      message.end(call.body);
    } else {
      message.setHeader('Content-Type', 'application/x-tar');
      call.body.pipe(message);
    }
  });
}

/** A JSON answer of the engine; null for any other. */
export async function readEngine<T>(world: SetupWorld, path: string): Promise<T | null> {
  const answer = await callEngine(world, { method: 'GET', path });
  if (answer.kind === 'no-answer') return null;
  const body = await text(answer.body);
  return answer.status === 200 ? (JSON.parse(body) as T) : null;
}

/** Whether an engine answers its ping. */
export async function engineAnswers(world: Pick<SetupWorld, 'env' | 'signal'>): Promise<boolean> {
  const answer = await callEngine(world, { method: 'GET', path: '/_ping' });
  if (answer.kind === 'answer') answer.body.resume();
  return answer.kind === 'answer' && answer.status === 200;
}
