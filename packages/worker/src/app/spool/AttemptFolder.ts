import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LogFile } from './LogFile.ts';

/** A folder on the disk with the files of an attempt, open: see `AttemptStore`. */
export class AttemptFolder {
  readonly path: string;
  /** Appended to. */
  readonly journal: number;
  readonly log: LogFile;

  /** Makes what is missing. */
  constructor(path: string) {
    this.path = path;
    mkdirSync(path, { recursive: true, mode: 0o700 });
    this.journal = openSync(join(path, 'journal'), 'a', 0o600);
    try {
      this.log = LogFile.open(join(path, 'log'));
    } catch (error) {
      closeSync(this.journal);
      throw error;
    }
  }

  readJournal(): string {
    return readFileSync(join(this.path, 'journal'), 'utf8');
  }

  /** Makes this the first line of the journal. Throws when the disk does not take all of it. */
  beginJournal(line: string): void {
    const bytes = Buffer.from(`\n${line}\n`);
    if (writeSync(this.journal, bytes) < bytes.length) throw new Error('no space left on the disk');
  }

  /** Forgets what is in the files; without its journal the rest is nobody's. */
  empty(): void {
    ftruncateSync(this.journal, 0);
    this.log.truncate(0);
  }

  close(): void {
    closeSync(this.journal);
    this.log.close();
  }

  async remove(): Promise<void> {
    this.close();
    await rm(this.path, { recursive: true, force: true });
  }
}
