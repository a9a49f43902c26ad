import type { LogChunk } from './LogChunk.ts';
import { type RunnerLine, readRunnerLine } from './runner-lines.ts';
import { UnmarkedRunnerLines } from './unmarked-runner-lines.ts';

const longestLine = 64 * 1024;

/** Finds the runner's own lines in the log of one attempt, read from its beginning. */
export class RunnerLineReader {
  readonly #unmarked = new UnmarkedRunnerLines();
  #nextCommand = 0;
  /** The beginning of a line whose end is still to come, and its mark. */
  #rest = '';
  #mark: number | undefined;
  #decoder = new TextDecoder();

  /** The lines that a chunk completes. Chunks of the job's own streams have none, whatever they print. */
  push({ stream, bytes, mark }: Pick<LogChunk, 'stream' | 'bytes' | 'mark'>): RunnerLine[] {
    if (stream !== 'runner') return [];
    if (mark !== this.#mark) this.#begin(mark);
    const text = this.#rest + this.#decoder.decode(bytes, { stream: true });
    const isWhole = text.endsWith('\n');
    if (mark !== undefined) {
      this.#rest = isWhole ? '' : text.slice(0, longestLine);
      return isWhole ? [this.#marked(mark, text)] : [];
    }
    const lines = text.split('\n');
    this.#rest = (lines.pop() ?? '').slice(0, longestLine);
    return lines.filter((line) => line !== '').map((line) => this.#unmarked.read(line));
  }

  #begin(mark: number | undefined): void {
    this.#mark = mark;
    this.#rest = '';
    this.#decoder = new TextDecoder();
  }

  /** A line that follows an unfinished one of the job begins with a line end. */
  #marked(mark: number, text: string): RunnerLine {
    const line = readRunnerLine(mark, text.replace(/^\n/, '').slice(0, -1), this.#nextCommand);
    if (line.kind === 'command') this.#nextCommand = line.index + 1;
    return line;
  }
}
