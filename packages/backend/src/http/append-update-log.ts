import type { JobStatusUpdate } from '@xx-pipeline/common';
import { decodeLogFrames } from '@xx-pipeline/common/api';
import { type Caller, HttpProblem } from '@xx-pipeline/service';
import { appendChunks } from './append-log.ts';
import { admitWriter } from './attempt-access.ts';
import type { HttpParts } from './HttpParts.ts';

/**
 * Stores the log bytes that come with a status. Bytes of an attempt that is no longer the current one are ignored:
 * the status may be a repeat, whose bytes are stored; if it is not, the decision about the status refuses it.
 */
export async function appendUpdateLog(
  { services: { access }, stores: { logs }, metrics }: Pick<HttpParts, 'services' | 'stores' | 'metrics'>,
  { jobId, attempt }: Pick<JobStatusUpdate, 'jobId' | 'attempt'>,
  { offset, frames }: NonNullable<JobStatusUpdate['log']>,
  caller: Caller,
): Promise<void> {
  const chunks = decodeLogFrames(Buffer.from(frames, 'base64'));
  if (chunks === null) throw new HttpProblem('bad_request', 'log.frames is not a sequence of whole log frames');
  try {
    const writer = await admitWriter(access, caller, jobId, attempt);
    metrics.logBytes.add((await appendChunks(logs, { jobId, attempt: writer.attempt }, offset, chunks)) - offset);
  } catch (error) {
    if (!(error instanceof HttpProblem) || error.document.code !== 'stale_attempt') throw error;
  }
}
