import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LogFile } from './LogFile.ts';

/** A folder with open files for one attempt after the other: see `AttemptStore`. */
export class AttemptFolder {
  readonly path: string;
  /** The descriptor of a file that is only appended to. */
  readonly journal: number;
  readonly log: LogFile;

  /** Creates the folder and its files where they are missing. */
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

  /** Makes this the first line of the journal. Throws when the disk does not accept all of it. */
  beginJournal(line: string): void {
    const bytes = Buffer.from(`\n${line}\n`);
    if (writeSync(this.journal, bytes) < bytes.length) throw new Error('no space left on the disk');
  }

  /** Empties the files; without its journal, a log belongs to no attempt. */
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
