import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { chmod, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkspaceWay } from '../../Workspace.ts';

/** Which container it is, and what is its alone. */
export interface ContainerRecord {
  readonly jobId: string;
  readonly attempt: number;
  readonly containerId: string;
  /** The container whose network it has joined. */
  readonly sandboxId: string | null;
  readonly way: WorkspaceWay;
  /** Its workspace on this machine. */
  readonly workspace: string | null;
}

/** A script that was handed to the container. */
export interface RunRecord {
  readonly token: string;
  readonly mark: string;
  /** Its output is in the files; else nobody else can have it. */
  readonly inFiles: boolean;
  readonly outerPid: number;
  readonly keptPids: readonly number[];
}

const prefix = 'r-';

/**
 * What outlives us of one container, on this machine:
 *
 *   container.json          a `ContainerRecord`
 *   run-1.json, run-2.json  a `RunRecord` each, written before the script is handed over
 *   early                   what the container printed before its shell was there
 *   io/                     mounted into the container, which writes there: `out`, `err`, `exit`
 */
export class RecoveryDirectory {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** A new one below the executor's directory. */
  static async make(parent: string, name: string): Promise<RecoveryDirectory> {
    const directory = new RecoveryDirectory(join(parent, prefix + name));
    await mkdir(directory.io, { recursive: true });
    // Whatever user the image has writes there; only who may enter the state directory comes here.
    await chmod(directory.io, 0o777);
    return directory;
  }

  /** All that an earlier process has left below a directory. */
  static async all(parent: string): Promise<RecoveryDirectory[]> {
    const names = await readdir(parent).catch(() => []);
    return names.filter((name) => name.startsWith(prefix)).map((name) => new RecoveryDirectory(join(parent, name)));
  }

  get io(): string {
    return join(this.path, 'io');
  }

  get container(): ContainerRecord | null {
    return read(join(this.path, 'container.json')) as ContainerRecord | null;
  }

  writeContainer(record: ContainerRecord): void {
    write(join(this.path, 'container.json'), record);
  }

  /** The script of that number; null when none was handed over. */
  run(number: number): RunRecord | null {
    return read(join(this.path, `run-${number}.json`)) as RunRecord | null;
  }

  writeRun(number: number, record: RunRecord): void {
    write(join(this.path, `run-${number}.json`), record);
  }

  get early(): Buffer {
    try {
      return readFileSync(join(this.path, 'early'));
    } catch {
      return Buffer.alloc(0);
    }
  }

  writeEarly(bytes: Buffer): void {
    mkdirSync(this.path, { recursive: true });
    writeFileSync(join(this.path, 'early'), bytes, { mode: 0o600 });
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true }).catch(() => {});
  }
}

function read(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

/** Whole or not at all, also if we are killed meanwhile. */
function write(path: string, content: unknown): void {
  writeFileSync(`${path}.tmp`, JSON.stringify(content), { mode: 0o600 });
  renameSync(`${path}.tmp`, path);
}
