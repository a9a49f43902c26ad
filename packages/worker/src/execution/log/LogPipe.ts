import {
  type Clock,
  eventsOfLine,
  type LogStream,
  type RunnerLine,
  runnerLineMark,
  runnerLineText,
  unmarkedLimitKind,
} from '@xx-pipeline/common';
import { formatBytes } from '../format.ts';
import type { EventStream } from './EventStream.ts';
import type { MaskStream, SecretMask } from './mask-secrets.ts';
import type { ReportedLog } from './ReportedLog.ts';

/** Default for the bytes of a job's output that are kept from its beginning: 1 GiB. */
export const defaultLogLimit = 2 ** 30;

/** Bytes that are kept from its end besides, where a failure shows. */
const tailLimit = 256 * 1024;
const marks = {
  gap: runnerLineMark({ kind: 'gap', size: '' }),
  limit: runnerLineMark({ kind: 'log-limit', message: '' }),
};

/**
 * Writes a job's output into its log: masked, in order of arrival, with back-pressure, as bytes.
 * Beyond the limit only the newest output is kept; the log says how much is missing between.
 */
export class LogPipe {
  /** Masks the job's secrets, also in texts that do not go into the log. */
  readonly mask: SecretMask;
  readonly #events: EventStream;
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #masks: { readonly stdout: MaskStream; readonly stderr: MaskStream };
  #kept = 0;
  #isLimitAnnounced = false;
  #tail: { stream: LogStream; at: number; bytes: Uint8Array }[] = [];
  #tailBytes = 0;
  #leftOut = 0;
  #atLineStart = true;
  /** Reported by an earlier process: bytes of replayed output that are still to be skipped, and lines. */
  readonly #reported: { stdout: number; stderr: number; readonly lines: ReportedLog['lines'][number][] };
  /** The kept end of an overlong output is in the log already. */
  #isTailReported: boolean;

  constructor(parts: {
    events: EventStream;
    mask: SecretMask;
    clock: Clock;
    limit: number;
    reported?: ReportedLog | undefined;
  }) {
    this.#events = parts.events;
    this.mask = parts.mask;
    this.#clock = parts.clock;
    this.#limit = parts.limit;
    this.#masks = { stdout: parts.mask.stream(), stderr: parts.mask.stream() };
    const { stdout = 0, stderr = 0, lines = [], atLineStart = true } = parts.reported ?? {};
    this.#reported = { stdout, stderr, lines: [...lines] };
    const has = (mark: number, kind: 'gap' | 'log-limit') =>
      lines.some((line) => (line.mark === undefined ? unmarkedLimitKind(line.text) === kind : line.mark === mark));
    this.#isTailReported = has(marks.gap, 'gap');
    this.#isLimitAnnounced = has(marks.limit, 'log-limit');
    this.#atLineStart = atLineStart;
  }

  /** Output of the job. */
  write(stream: 'stdout' | 'stderr', bytes: Uint8Array, at: number): void | Promise<void> {
    return this.#keep(stream, this.#masks[stream].write(bytes), at);
  }

  /** Output of the job is missing here. What an earlier process reported of this stream ends here too, wherever it was. */
  async lost(stream: 'stdout' | 'stderr', why: string): Promise<void> {
    await this.#keep(stream, this.#masks[stream].flush(), this.#clock.now());
    this.#reported[stream] = 0;
    await this.warn(why);
  }

  /** Writes what the masks hold back and the kept end of an overlong output: the job prints nothing for now. */
  async flush(): Promise<void> {
    const at = this.#clock.now();
    for (const stream of ['stdout', 'stderr'] as const) await this.#keep(stream, this.#masks[stream].flush(), at);
    const tail = this.#isTailReported ? [] : this.#tail;
    if (this.#leftOut > 0 && !this.#isTailReported) {
      await this.line({ kind: 'gap', size: formatBytes(this.#leftOut) });
    }
    this.#isTailReported = false;
    this.#tail = [];
    this.#tailBytes = 0;
    this.#leftOut = 0;
    for (const chunk of tail) await this.#send(chunk.stream, chunk.bytes, chunk.at);
  }

  /** A line of the runner, and the events that it stands for. It counts for no limit. */
  line(line: RunnerLine): void | Promise<void> {
    const shown = this.#masked(line);
    const at = this.#clock.now();
    for (const event of eventsOfLine(shown, at)) void this.#events.send(event);
    const text = `${runnerLineText(shown)}\n`;
    const reported = this.#reported.lines.findIndex((known) => known.text === text);
    if (reported >= 0) {
      this.#reported.lines.splice(reported, 1);
      return;
    }
    const start = this.#atLineStart ? '' : '\n';
    return this.#send('runner', Buffer.from(start + text), at, runnerLineMark(shown));
  }

  /** Warns with an event, and with a line of the log so that the log explains itself. */
  warn(message: string): void | Promise<void> {
    return this.line({ kind: 'warning', message });
  }

  #masked(line: RunnerLine): RunnerLine {
    const entries = Object.entries(line).map(([key, value]) => [
      key,
      key !== 'kind' && typeof value === 'string' ? this.mask.text(value) : value,
    ]);
    return Object.fromEntries(entries) as RunnerLine;
  }

  #keep(stream: 'stdout' | 'stderr', masked: Uint8Array, at: number): void | Promise<void> {
    const known = Math.min(this.#reported[stream], masked.length);
    this.#reported[stream] -= known;
    this.#kept = Math.min(this.#limit, this.#kept + known);
    const bytes = masked.subarray(known);
    if (bytes.length === 0) return;
    const room = this.#limit - this.#kept;
    if (bytes.length <= room) {
      this.#kept += bytes.length;
      return this.#send(stream, bytes, at);
    }
    this.#overflow(stream, bytes, at, room);
  }

  #overflow(stream: 'stdout' | 'stderr', bytes: Uint8Array, at: number, room: number): void {
    if (this.#kept < this.#limit || !this.#isLimitAnnounced) this.#announceLimit(stream, bytes.subarray(0, room), at);
    const copy = Uint8Array.from(bytes.subarray(Math.max(room, bytes.length - tailLimit)));
    this.#leftOut += bytes.length - room - copy.length;
    this.#tail.push({ stream, at, bytes: copy });
    this.#tailBytes += copy.length;
    while (this.#tailBytes > tailLimit && this.#tail.length > 1) {
      const oldest = this.#tail.shift();
      this.#tailBytes -= oldest?.bytes.length ?? 0;
      this.#leftOut += oldest?.bytes.length ?? 0;
    }
  }

  #announceLimit(stream: 'stdout' | 'stderr', rest: Uint8Array, at: number): void {
    this.#kept = this.#limit;
    void this.#send(stream, rest, at);
    if (this.#isLimitAnnounced) return;
    this.#isLimitAnnounced = true;
    const kept = `only the last ${formatBytes(tailLimit)} of what follows are kept`;
    void this.line({ kind: 'log-limit', message: `log limit of ${formatBytes(this.#limit)} reached: ${kept}` });
  }

  #send(stream: LogStream, bytes: Uint8Array, at: number, mark?: number): void | Promise<void> {
    if (bytes.length === 0) return;
    this.#atLineStart = bytes[bytes.length - 1] === 10;
    const chunk = mark === undefined ? { stream, at, bytes } : { stream, at, bytes, mark };
    return this.#events.send({ type: 'log', chunk });
  }
}
