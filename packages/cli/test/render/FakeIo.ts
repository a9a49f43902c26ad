import type { CommandIo, OutputStream } from '../../src/io/CommandIo.ts';

/** A stream that keeps what is written. */
export class FakeStream implements OutputStream {
  text = '';
  isTTY = false;
  columns = 80;
  rows: number | undefined = 24;
  color = false;
  /** Says that it wants a pause after every write. */
  slow = false;
  pauses = 0;
  readonly #onWrite: (data: string) => void;

  constructor(onWrite: (data: string) => void = () => {}) {
    this.#onWrite = onWrite;
  }

  write(data: string | Uint8Array): boolean {
    const text = typeof data === 'string' ? data : Buffer.from(data).toString('utf8');
    this.text += text;
    this.#onWrite(text);
    return !this.slow;
  }

  async drained(): Promise<void> {
    this.pauses += 1;
  }
}

/** A world without a process. */
export function fakeIo(stdout: FakeStream, stderr: FakeStream, env: Record<string, string> = {}): CommandIo {
  const never = new AbortController().signal;
  return { stdout, stderr, env, cwd: '/', interrupted: never, killed: never };
}
