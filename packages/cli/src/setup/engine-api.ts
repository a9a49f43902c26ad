import { text } from 'node:stream/consumers';
import { askEngine, type EngineAnswer, type EngineCall } from '@xx-pipeline/worker/execution';
import type { SetupWorld } from './SetupCheck.ts';

/** One call to the engine that runs use; never rejects. */
export function callEngine(world: Pick<SetupWorld, 'env' | 'signal'>, call: EngineCall): Promise<EngineAnswer> {
  return askEngine(world.env, call, world.signal);
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
