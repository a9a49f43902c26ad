import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SpoolFile } from './SpoolFile.ts';

/** A folder on the disk with the files of an attempt, open. Making files costs more than writing to them: see `AttemptFolders`. */
export class AttemptFolder {
  #path: string;
  /** Appended to. */
  readonly journal: number;
  readonly log: SpoolFile;

  /** Makes what is missing. */
  constructor(path: string) {
    this.#path = path;
    mkdirSync(path, { recursive: true, mode: 0o700 });
    this.journal = openSync(join(path, 'journal'), 'a', 0o600);
    try {
      this.log = SpoolFile.open(join(path, 'log'));
    } catch (error) {
      closeSync(this.journal);
      throw error;
    }
  }

  get path(): string {
    return this.#path;
  }

  writeRequest(text: string): void {
    writeFileSync(join(this.#path, 'request.json'), text, { mode: 0o600 });
  }

  readJournal(): string {
    return readFileSync(join(this.#path, 'journal'), 'utf8');
  }

  /** Gives it another name; whatever had that name goes. */
  moveTo(path: string): void {
    try {
      renameSync(this.#path, path);
    } catch {
      rmSync(path, { recursive: true, force: true });
      renameSync(this.#path, path);
    }
    this.#path = path;
  }

  /** Forgets what is in the files. */
  empty(): void {
    ftruncateSync(this.journal, 0);
    this.log.truncate(0);
    this.writeRequest('');
  }

  close(): void {
    closeSync(this.journal);
    this.log.close();
  }

  async remove(): Promise<void> {
    this.close();
    await rm(this.#path, { recursive: true, force: true });
  }
}
