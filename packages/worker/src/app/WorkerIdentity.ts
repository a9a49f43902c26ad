import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '@xx-pipeline/common';
import { bootId, makeOwnerId, ownerState } from '../process/index.ts';

/** A worker cannot start as it was told to: a sentence for the person at the machine. */
export class WorkerNotStarted extends Error {
  override readonly name = 'WorkerNotStarted';
}

interface KeptIdentity {
  readonly workerId: string;
  readonly instanceIds: readonly string[];
  /** All of them have ended in peace. */
  readonly ended?: true;
}

/** Starts in a row without an answer that are remembered. */
const mostInstances = 8;

/**
 * Who a worker is: an id that its state directory keeps, and a new instance at each start. Two processes on one machine
 * cannot be the same worker; the file `lock` names the one that is.
 *
 * A state directory may have been copied, to another machine or beside the first, with its worker still running. So a
 * process follows those before it only where it is certain that they have ended: it finds the lock of one that was on
 * this machine since it booted and is not there any more, or a note that it has ended in peace. Else it has to wait until
 * the backend has not heard of the other one for a while.
 */
export class WorkerIdentity {
  readonly workerId: string;
  readonly instanceId: string;
  /** Processes before this one that the backend may take for this worker and that have ended; usually one. The newest first. */
  readonly previousInstanceIds: readonly string[];
  /** Whoever was this worker before has certainly ended. */
  readonly isHeir: boolean;
  /** Names the process that uses the state directory; deleted when that has ended cleanly. */
  readonly lockFile: string;
  readonly #directory: string;
  #instanceIds: readonly string[] = [];

  private constructor(directory: string, kept: KeptIdentity, isHeir: boolean) {
    this.#directory = directory;
    this.lockFile = lockFileOf(directory);
    this.workerId = kept.workerId;
    this.isHeir = isHeir;
    this.previousInstanceIds = isHeir ? kept.instanceIds : [];
    this.instanceId = randomUUID();
    // From now on there is one that has not ended; and one that nobody knows about is never to be followed.
    this.#remember(this.previousInstanceIds);
  }

  /** Reads or makes the identity of a state directory. Throws `WorkerNotStarted` while another process has it. */
  static claim(directory: string): WorkerIdentity {
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      const former = lock(lockFileOf(directory));
      const kept = readKept(join(directory, 'worker.json'));
      const isGone = former !== null && kept.instanceIds.length > 0 && hasEnded(former);
      const isHeir = kept.ended === true || isGone;
      return new WorkerIdentity(directory, kept, isHeir);
    } catch (error) {
      if (error instanceof WorkerNotStarted) throw error;
      throw new WorkerNotStarted(`cannot use the worker's state directory ${directory}: ${messageOf(error)}`);
    }
  }

  /**
   * This instance is about to register: whether the answer comes or not, the next one may have to follow it. Not one that
   * may have somebody beside it: whoever follows it is as uncertain.
   */
  registering(): void {
    if (this.isHeir) this.#remember([this.instanceId, ...this.previousInstanceIds].slice(0, mostInstances));
  }

  /** This instance is registered: the next one will say that it follows it. */
  registered(): void {
    this.#remember([this.instanceId]);
  }

  #remember(instanceIds: readonly string[], ended = false): void {
    this.#instanceIds = instanceIds;
    try {
      const kept: KeptIdentity = { workerId: this.workerId, instanceIds, ...(ended && { ended }) };
      write(join(this.#directory, 'worker.json'), kept);
    } catch {
      // A full disk: the next process then has to wait until this one counts as gone.
    }
  }

  /** This process has ended. */
  release(): void {
    this.#remember(this.#instanceIds, true);
    rmSync(this.lockFile, { force: true });
  }
}

const lockFileOf = (directory: string): string => join(directory, 'lock');

/** Gives what the lock said before; null when there was none. */
function lock(path: string): string | null {
  const own = makeOwnerId();
  let owner: string | null = null;
  for (let tries = 0; tries < 2; tries++) {
    try {
      writeFileSync(path, own, { flag: 'wx', mode: 0o600 });
      return owner;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    owner = readText(path) ?? '';
    if (ownerState(owner) === 'alive') {
      throw new WorkerNotStarted(
        `another worker process (${owner.split(':')[2]}) uses this state directory; give each worker its own`,
      );
    }
    rmSync(path, { force: true });
  }
  throw new WorkerNotStarted('another worker process is starting with the same state directory');
}

function readKept(path: string): KeptIdentity {
  const text = readText(path);
  if (text !== null) {
    try {
      const kept = JSON.parse(text) as { workerId?: unknown; instanceIds?: unknown; ended?: unknown };
      if (isUuid(kept.workerId)) {
        const { workerId, instanceIds, ended } = kept;
        return {
          workerId,
          instanceIds: Array.isArray(instanceIds) ? instanceIds.filter(isUuid) : [],
          ...(ended === true && { ended }),
        };
      }
    } catch {
      // Not ours, or cut short: a new worker.
    }
  }
  const fresh: KeptIdentity = { workerId: randomUUID(), instanceIds: [], ended: true };
  write(path, fresh);
  return fresh;
}

function write(path: string, content: unknown): void {
  writeFileSync(`${path}.tmp`, JSON.stringify(content), { mode: 0o600 });
  renameSync(`${path}.tmp`, path);
}

/**
 * The process a lock names was on this machine since it booted, and is not any more. (A clone of the machine has booted on
 * its own.)
 */
function hasEnded(owner: string): boolean {
  return owner.split(':')[1] === bootId() && ownerState(owner) === 'dead';
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

const isUuid = (value: unknown): value is string =>
  typeof value === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value);
