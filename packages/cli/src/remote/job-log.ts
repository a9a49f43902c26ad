import { Connection, followExecution, followLog } from '@xx-pipeline/client';
import { isTerminal, type JobAttempt, type JobExecution, type LogChunk, systemClock } from '@xx-pipeline/common';
import { CommandError, type CommandIo, type OutputStream } from '../io/CommandIo.ts';
import { ExitCode } from '../io/exit-codes.ts';
import { logLine } from '../render/event-line.ts';
import { printNote } from '../render/print-note.ts';
import { documentLimit, formatLogLine } from '../reports/print-log.ts';
import type { LogLine } from '../reports/read-log.ts';
import type { BackendApiClient } from './BackendApiClient.ts';

/** Milliseconds for which a server may be unreachable while a log is read. */
const budgetMs = 60_000;
const longestLine = 1024 * 1024;
const newline = 0x0a;

/** A connection for a command that reads: Ctrl-C ends it. */
export function readingConnection(io: CommandIo): Connection {
  return new Connection({
    clock: systemClock,
    signal: io.interrupted,
    onNotice: (message) => void printNote(io.stderr, message),
    budgetMs,
  });
}

/** The attempt whose log is meant: the last, or that with the number; null when the job has not started. */
export function chooseAttempt(job: JobExecution, number: string | undefined): JobAttempt | null {
  if (number === undefined) return job.attempts.at(-1) ?? null;
  const found = job.attempts.find((attempt) => String(attempt.number) === number);
  if (found !== undefined) return found;
  throw new CommandError(`${job.name} has no attempt ${number}`, ExitCode.usage, `it has ${job.attempts.length}`);
}

/** What the log of an attempt holds now. */
export async function* readLogNow(
  jobId: string,
  { number, status }: JobAttempt,
  client: BackendApiClient,
  connection: Connection,
): AsyncGenerator<LogChunk> {
  let left = isTerminal(status) ? Number.POSITIVE_INFINITY : await sizeNow(jobId, number, client, connection);
  if (left === 0) return;
  for await (const chunk of followLog({ jobId, attempt: number }, client, connection)) {
    yield { ...chunk, bytes: chunk.bytes.subarray(0, left) };
    left -= chunk.bytes.length;
    if (left <= 0) return;
  }
}

async function sizeNow(
  jobId: string,
  attempt: number,
  client: BackendApiClient,
  connection: Connection,
): Promise<number> {
  return await connection.call(async (signal) => {
    const { body } = await client.api.readLog({ params: { jobId }, query: { attempt } }, { signal });
    let size = 0;
    for await (const bytes of body) size += bytes.length;
    return size;
  });
}

/** The logs of a job's attempts, one after the other as they come, until the job has ended. */
export async function* followJob(
  executionId: string,
  job: JobExecution,
  from: number,
  client: BackendApiClient,
  connection: Connection,
): AsyncGenerator<{ readonly attempt: number; readonly chunk: LogChunk }> {
  let next = from;
  for await (const record of recordsOf(executionId, job, client, connection)) {
    for (const { number, startedAt } of record.attempts) {
      if (number < next || startedAt === null) continue;
      next = number + 1;
      for await (const chunk of followLog({ jobId: job.id, attempt: number }, client, connection)) {
        yield { attempt: number, chunk };
      }
    }
    if (isTerminal(record.status)) return;
  }
}

async function* recordsOf(
  executionId: string,
  job: JobExecution,
  client: BackendApiClient,
  connection: Connection,
): AsyncGenerator<JobExecution> {
  yield job;
  if (isTerminal(job.status)) return;
  for await (const news of followExecution(executionId, client, connection)) {
    if (news.type === 'finished') break;
    // What happened before is told again, also an end that the job has had before it was tried again.
    if (news.type !== 'job' || news.job.id !== job.id || news.job.attempts.length < job.attempts.length) continue;
    yield isTerminal(news.job.status) ? await jobNow(job.id, client, connection) : news.job;
  }
}

async function jobNow(jobId: string, client: BackendApiClient, connection: Connection): Promise<JobExecution> {
  return (await connection.call((signal) => client.api.getJob({ params: { jobId } }, { signal }))).body;
}

/** The lines of a log whose bytes come in pieces; each is of the stream and time of its first byte. */
export class LogLines {
  #parts: Uint8Array[] = [];
  #bytes = 0;
  #first: Pick<LogChunk, 'stream' | 'at'> | null = null;

  *push({ stream, at, bytes }: LogChunk): Generator<LogLine> {
    for (let from = 0; from < bytes.length; ) {
      this.#first ??= { stream, at };
      const end = bytes.indexOf(newline, from);
      const to = end < 0 ? bytes.length : end;
      this.#parts.push(bytes.subarray(from, to));
      this.#bytes += to - from;
      from = end < 0 ? to : end + 1;
      if (end >= 0 || this.#bytes >= longestLine) yield* this.#line();
    }
  }

  *end(): Generator<LogLine> {
    if (this.#bytes > 0) yield* this.#line();
  }

  *#line(): Generator<LogLine> {
    yield {
      at: this.#first?.at ?? null,
      stream: this.#first?.stream ?? null,
      bytes: Buffer.concat(this.#parts, this.#bytes),
    };
    this.#parts = [];
    this.#bytes = 0;
    this.#first = null;
  }
}

/** In which form a log is printed. */
export type LogForm = 'text' | 'timestamps' | 'raw' | 'ndjson';

/** Prints pieces of logs as they come; waits where the terminal is slow. */
export async function printChunks(
  chunks: AsyncIterable<{ readonly attempt: number; readonly chunk: LogChunk }>,
  job: Pick<JobExecution, 'id' | 'name'>,
  form: LogForm,
  out: OutputStream,
): Promise<void> {
  const lines = new LogLines();
  let attempt = 1;
  const text = (line: LogLine): string =>
    form === 'ndjson'
      ? logLine({ jobId: job.id, job: job.name, attempt }, line.stream ?? 'stdout', line.at ?? 0, line.bytes.toString())
      : formatLogLine(line, out, { timestamps: form === 'timestamps' });
  const write = async (data: string | Uint8Array) => {
    if (data.length > 0 && !out.write(data)) await out.drained();
  };
  for await (const { attempt: current, chunk } of chunks) {
    if (current !== attempt) await write(Array.from(lines.end(), text).join(''));
    attempt = current;
    await write(form === 'raw' ? chunk.bytes : Array.from(lines.push(chunk), text).join(''));
  }
  await write(Array.from(lines.end(), text).join(''));
  await out.drained();
}

/** A log as text for a document: all of it, or the end of a long one. */
export async function readLogDocument(
  chunks: AsyncIterable<LogChunk>,
): Promise<{ readonly logText: string; readonly logTruncated: boolean }> {
  const kept: Uint8Array[] = [];
  let bytes = 0;
  let truncated = false;
  for await (const chunk of chunks) {
    kept.push(chunk.bytes);
    bytes += chunk.bytes.length;
    for (let first = kept[0]; first !== undefined && bytes - first.length > documentLimit; first = kept[0]) {
      kept.shift();
      bytes -= first.length;
      truncated = true;
    }
  }
  const all = Buffer.concat(kept);
  truncated ||= all.length > documentLimit;
  return { logText: all.subarray(-documentLimit).toString(), logTruncated: truncated };
}
