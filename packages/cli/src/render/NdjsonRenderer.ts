import type { RunEvent } from '@xx-pipeline/client';
import type { LogChunk, LogStream } from '@xx-pipeline/common';
import type { OutputStream } from '../io/CommandIo.ts';
import { eventLine, type LineOwner, logLine } from './event-line.ts';
import { LineAssembler, withoutLeadingLineEnd } from './LineAssembler.ts';
import type { RunRenderer } from './RunRenderer.ts';

interface OpenLog {
  readonly owner: LineOwner;
  readonly stream: LogStream;
  readonly assembler: LineAssembler;
  at: number;
}

/** Every event of a run as one line of JSON; the format is described in docs/output.md. */
export class NdjsonRenderer implements RunRenderer {
  readonly #stdout: OutputStream;
  readonly #logs = new Map<string, OpenLog>();
  /** The stream holds back output of the current event. */
  #full = false;

  constructor(stdout: OutputStream) {
    this.#stdout = stdout;
  }

  event(event: RunEvent): void | Promise<void> {
    this.#full = false;
    this.#show(event);
    return this.#full ? this.#stdout.drained() : undefined;
  }

  close(): void {
    this.#flush(() => true);
  }

  #show(event: RunEvent): void {
    if (event.type === 'job-event' && event.event.type === 'log') {
      this.#log({ jobId: event.jobId, job: event.jobName, attempt: event.attempt }, event.event.chunk);
      return;
    }
    if (event.type === 'job-event' && (event.event.type === 'finished' || event.event.type === 'command')) {
      this.#flush((log) => log.owner.jobId === event.jobId);
    }
    if (event.type === 'run-finished') {
      this.#flush(() => true);
    }
    const text = eventLine(event);
    if (text !== null) {
      this.#print(text);
    }
  }

  #log(owner: LineOwner, chunk: LogChunk): void {
    const key = `${chunk.stream} ${owner.attempt} ${owner.jobId}`;
    let log = this.#logs.get(key);
    if (log === undefined) {
      log = { owner, stream: chunk.stream, assembler: new LineAssembler(), at: chunk.at };
      this.#logs.set(key, log);
    }
    log.at = chunk.at;
    if (chunk.stream === 'runner') {
      this.#flush((other) => other.owner.jobId === owner.jobId && other !== log);
    }
    const lines = log.assembler.push(chunk.stream === 'runner' ? withoutLeadingLineEnd(chunk.bytes) : chunk.bytes);
    if (lines !== null) {
      this.#printLines(log, lines);
    }
  }

  #flush(wanted: (log: OpenLog) => boolean): void {
    for (const [key, log] of this.#logs) {
      if (wanted(log)) {
        const rest = log.assembler.flush();
        if (rest !== null) {
          this.#printLines(log, rest);
        }
        this.#logs.delete(key);
      }
    }
  }

  #printLines(log: OpenLog, lines: Uint8Array): void {
    const texts = Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength - 1)
      .toString('utf8')
      .split('\n');
    this.#print(texts.map((text) => logLine(log.owner, log.stream, log.at, text)).join(''));
  }

  #print(text: string): void {
    if (!this.#stdout.write(text)) {
      this.#full = true;
    }
  }
}
