import { eventsOfLine, type JobEvent, type LogChunk, type RunnerLine, RunnerLineReader } from '@xx-pipeline/common';

/**
 * Derives from the log of one attempt, read from its beginning, the events that a local run gets from the runner: pulls,
 * commands, phases and warnings. Only the runner's own lines count, which no job can write.
 */
export class DerivedEvents {
  readonly #commands: readonly string[];
  readonly #lines = new RunnerLineReader();
  #hasBegun = false;

  /** `commands`: the script of the job as it may be shown; lines of the log have only the first line of each. */
  constructor(commands: readonly string[]) {
    this.#commands = commands;
  }

  /** The events that a stretch of the log stands for; they come before it. */
  of(chunk: LogChunk): JobEvent[] {
    return this.#lines.push(chunk).flatMap((line) => this.#ofLine(line, chunk.at));
  }

  #ofLine(line: RunnerLine, at: number): JobEvent[] {
    if (line.kind !== 'command') return eventsOfLine(line, at);
    const events = eventsOfLine({ ...line, text: this.#commands[line.index] ?? line.text }, at);
    if (this.#hasBegun) return events;
    // The script has no line of its own: it begins with its first command.
    this.#hasBegun = true;
    return [{ type: 'phase', phase: 'script', at }, ...events];
  }
}
