import type { LogKey } from './LogStore.ts';

const idPattern = /^[0-9A-Za-z][0-9A-Za-z_-]{0,63}$/;

/** One name for a key of a job's attempt, safe as the name of a file. Ids that could be anything else are refused. */
export function logName({ jobId, attempt }: LogKey): string {
  if (!idPattern.test(jobId)) throw new Error(`"${jobId.slice(0, 80)}" is not the id of a job`);
  if (!Number.isInteger(attempt) || attempt < 1 || attempt > 1e9) throw new Error(`${attempt} is not an attempt`);
  return `${jobId}.${attempt}`;
}
