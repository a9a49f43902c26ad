import type { OutputStream } from '../io/CommandIo.ts';
import { rowsWrapped, truncate } from './display-width.ts';

/**
 * A few lines at the bottom of a terminal that are redrawn in place; what is printed above them stays and scrolls
 * into the ordinary scrollback. The cursor rests on the line below the region, so that a sudden end leaves a clean prompt.
 */
export class LiveRegion {
  readonly #stream: Pick<OutputStream, 'write' | 'columns'>;
  /** The terminal wraps lines anew when it gets narrower (most do). */
  readonly #reflows: boolean;
  #drawn: string[] = [];
  #drawnColumns = 0;

  constructor(stream: Pick<OutputStream, 'write' | 'columns'>, reflows: boolean) {
    this.#stream = stream;
    this.#reflows = reflows;
  }

  /** Prints permanent text (whole lines) above, then shows these lines below it; only what changed is written. */
  draw(permanent: string, lines: readonly string[]): void {
    const columns = this.#stream.columns;
    const next = lines.map((line) => truncate(line, columns - 1));
    if (permanent !== '' || columns !== this.#drawnColumns) {
      this.#redraw(permanent, next, columns);
    } else {
      this.#update(next);
    }
    this.#drawn = next;
    this.#drawnColumns = columns;
  }

  #redraw(permanent: string, next: readonly string[], columns: number): void {
    const rows = this.#rowsDrawn(columns);
    const up = rows === 0 ? '' : `\x1b[${rows}A`;
    const body = next.map((line) => `${line}\n`).join('');
    const output = `${up}\r${rows === 0 ? '' : '\x1b[J'}${permanent}${body}`;
    if (output !== '\r') {
      this.#stream.write(output);
    }
  }

  #update(next: readonly string[]): void {
    const before = this.#drawn;
    const first = next.findIndex((line, index) => line !== before[index]);
    if (first === -1 && next.length === before.length) {
      return;
    }
    const start = first === -1 ? next.length : first;
    const up = before.length - start;
    let output = up > 0 ? `\x1b[${up}A\r` : '\r';
    for (let index = start; index < next.length; index += 1) {
      const line = next[index] ?? '';
      if (line !== before[index]) {
        // Also where no line of ours was: Ctrl-C leaves its echo there.
        output += `\x1b[2K${line}`;
      }
      output += '\n';
    }
    if (next.length < before.length) {
      output += '\x1b[J';
    }
    this.#stream.write(output);
  }

  /** Rows between the region's top and the cursor, if the terminal is now this wide. */
  #rowsDrawn(columns: number): number {
    if (!this.#reflows || columns >= this.#drawnColumns) {
      return this.#drawn.length;
    }
    return this.#drawn.reduce((sum, line) => sum + rowsWrapped(line, columns), 0);
  }
}
