import type { WriteStream } from 'node:tty';
import type { OutputStream } from '../io/CommandIo.ts';
import type { ColorMode } from './global-options.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Whether a stream gets colours: the flag wins, then NO_COLOR, FORCE_COLOR, and at last what the stream is. */
function wantsColor(mode: ColorMode, env: Environment, isTTY: boolean): boolean {
  if (mode !== 'auto') {
    return mode === 'always';
  }
  if (env['NO_COLOR']) {
    return false;
  }
  const forced = env['FORCE_COLOR'];
  if (forced) {
    return forced !== '0' && forced !== 'false';
  }
  return isTTY && env['TERM'] !== 'dumb';
}

/** Standard output or error of this process. After a write error it swallows everything: nobody is listening. */
export class ProcessOutput implements OutputStream {
  readonly color: boolean;
  readonly isTTY: boolean;
  readonly #stream: WriteStream;
  #failed = false;

  constructor(stream: WriteStream, mode: ColorMode, env: Environment, onError: (error: NodeJS.ErrnoException) => void) {
    this.#stream = stream;
    this.isTTY = stream.isTTY === true;
    this.color = wantsColor(mode, env, this.isTTY);
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (!this.#failed) {
        this.#failed = true;
        onError(error);
      }
    });
  }

  get columns(): number {
    return this.#stream.columns || 80;
  }

  get rows(): number | undefined {
    return this.#stream.rows || undefined;
  }

  write(data: string | Uint8Array): boolean {
    return this.#failed || this.#stream.write(data);
  }

  drained(): Promise<void> {
    const stream = this.#stream;
    if (this.#failed || !stream.writableNeedDrain) {
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const done = () => {
        stream.off('drain', done).off('error', done).off('close', done);
        resolve();
      };
      stream.on('drain', done).on('error', done).on('close', done);
    });
  }

  /** Resolves when everything written has left the process, or failed to and was reported. */
  async flushed(): Promise<void> {
    if (!this.#failed && this.#stream.writableLength > 0) {
      await new Promise<void>((resolve) => {
        this.#stream.once('error', () => resolve());
        this.#stream.write('', () => resolve());
      });
    }
    // Errors of files are reported in the next turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
}
