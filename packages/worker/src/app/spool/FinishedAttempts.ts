import { closeSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';

/** How many jobs are remembered. */
const limit = 20_000;

/**
 * The newest attempt of each job that this worker has had, also across restarts: a request that comes again when its
 * attempt is long over must not run it again.
 */
export class FinishedAttempts {
  readonly #path: string;
  /** In the order of their end. */
  readonly #attempts = new Map<string, number>();
  #lines = 0;
  #file: number | null = null;

  constructor(path: string) {
    this.#path = path;
    for (const line of readLines(path)) {
      const [jobId = '', attempt] = line.split(' ');
      if (Number(attempt) > 0) this.#remember(jobId, Number(attempt));
    }
    this.#compact();
  }

  /** The newest attempt of a job that is over; 0 when none is known. */
  newestOf(jobId: string): number {
    return this.#attempts.get(jobId) ?? 0;
  }

  add(jobId: string, attempt: number): void {
    if (attempt < this.newestOf(jobId)) return;
    this.#remember(jobId, attempt);
    try {
      this.#file ??= openSync(this.#path, 'a', 0o600);
      writeSync(this.#file, `${jobId} ${attempt}\n`);
      if (++this.#lines > 2 * limit) this.#compact();
    } catch {
      // A full disk: remembered until the end of this process.
    }
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }

  #remember(jobId: string, attempt: number): void {
    this.#attempts.delete(jobId);
    this.#attempts.set(jobId, attempt);
    if (this.#attempts.size <= limit) return;
    for (const oldest of this.#attempts.keys()) {
      this.#attempts.delete(oldest);
      return;
    }
  }

  #compact(): void {
    const text = [...this.#attempts].map(([jobId, attempt]) => `${jobId} ${attempt}\n`).join('');
    try {
      writeFileSync(`${this.#path}.tmp`, text, { mode: 0o600 });
      renameSync(`${this.#path}.tmp`, this.#path);
      this.close();
      this.#lines = this.#attempts.size;
    } catch {
      // As above.
    }
  }
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch {
    return [];
  }
}
