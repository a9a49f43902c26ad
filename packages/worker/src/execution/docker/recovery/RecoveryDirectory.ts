import { closeSync, constants, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '@xx-pipeline/common';
import { ExecutionBroken } from '../../errors.ts';
import type { WorkspaceMethod } from '../workspace/Workspace.ts';

/** The containers of one attempt, and what belongs to them alone. */
export interface ContainerRecord {
  readonly jobId: string;
  readonly attempt: number;
  /** The job's own container, then others that it needs. All are paused, resumed and removed together. */
  readonly containerIds: readonly [own: string, ...others: string[]];
  /** The container whose network the job's own one has joined. */
  readonly sandboxId: string | null;
  readonly way: WorkspaceMethod;
  /** The job's workspace on this machine. */
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
/** Room that a record has from the beginning, for when the disk is full. */
const room = 4096;
/** A script and its `after_script`; further ones have their record only where the disk takes it. */
const expectedRuns = 2;

/**
 * What outlives us of one container, on this machine:
 *
 *   container.json          a `ContainerRecord`
 *   run-1.json, run-2.json  a `RunRecord` each, written before the script is handed over
 *   early                   what the container printed before its shell was there
 *   io/                     mounted into the container, which writes there: `out`, `err`, `exit`
 *
 * How a script that has begun ends must be known also when the disk is full by then: records and `exit` have their room
 * from the beginning and are written over in place.
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
    const slots = Array.from({ length: expectedRuns }, (_, index) => directory.#runPath(index + 1));
    await Promise.all([...slots, directory.#containerPath].map((path) => writeFile(path, blank, { mode: 0o600 })));
    const exit = join(directory.io, 'exit');
    await writeFile(exit, blank);
    await chmod(exit, 0o666);
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
    return readRecord(read(this.#containerPath));
  }

  writeContainer(record: ContainerRecord): void {
    const [containerId] = record.containerIds;
    const stored: StoredRecord = { version: 2, ...record, containerId };
    write(this.#containerPath, stored);
  }

  /** The script of that number; null when none was handed over. */
  run(number: number): RunRecord | null {
    return read(this.#runPath(number)) as RunRecord | null;
  }

  writeRun(number: number, record: RunRecord): void {
    write(this.#runPath(number), record);
  }

  get early(): Buffer {
    try {
      return readFileSync(join(this.path, 'early'));
    } catch {
      return Buffer.alloc(0);
    }
  }

  writeEarly(bytes: Buffer): void {
    attempt(() => writeFileSync(join(this.path, 'early'), bytes, { mode: 0o600 }));
  }

  get #containerPath(): string {
    return join(this.path, 'container.json');
  }

  #runPath(number: number): string {
    return join(this.path, `run-${number}.json`);
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true }).catch(() => {});
  }
}

/**
 * The record as it is on disk. Version 1 has no `version` and no `containerIds`. `containerId` stays for a guardian of
 * version 1, which a new worker keeps: it pauses the job's own container.
 */
type StoredRecord = Omit<ContainerRecord, 'containerIds'> & {
  readonly version?: number;
  readonly containerId: string;
  readonly containerIds?: ContainerRecord['containerIds'];
};

function readRecord(content: unknown): ContainerRecord | null {
  const { version: _, containerId, containerIds, ...rest } = (content ?? {}) as Partial<StoredRecord>;
  const ids = containerIds ?? (containerId === undefined ? undefined : ([containerId] as const));
  return ids === undefined ? null : { ...(rest as Omit<ContainerRecord, 'containerIds'>), containerIds: ids };
}

const blank = Buffer.alloc(room, '\n');

function read(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

/** In one call and in place: whole or not at all also if we are killed meanwhile, and without new room on the disk. */
function write(path: string, content: unknown): void {
  attempt(() => {
    const file = openSync(path, constants.O_WRONLY | constants.O_CREAT, 0o600);
    try {
      const bytes = Buffer.from(JSON.stringify(content).padEnd(room));
      if (writeSync(file, bytes, 0, bytes.length, 0) < bytes.length) throw new Error('no space left on the disk');
    } finally {
      closeSync(file);
    }
  });
}

function attempt(write: () => void): void {
  try {
    write();
  } catch (cause) {
    const why = messageOf(cause);
    throw new ExecutionBroken(`the job's state cannot be written to the worker's disk: ${why}`, { cause });
  }
}
