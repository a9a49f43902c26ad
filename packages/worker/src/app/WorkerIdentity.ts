import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeOwnerId, ownerState } from '../execution/index.ts';

/** A worker cannot start as it was told to: a sentence for the person at the machine. */
export class WorkerNotStarted extends Error {
  override readonly name = 'WorkerNotStarted';
}

interface KeptIdentity {
  readonly workerId: string;
  readonly instanceIds: readonly string[];
}

/** Starts in a row without an answer that are remembered. */
const mostInstances = 8;

/**
 * Who a worker is: an id that its state directory keeps, and a new instance at each start. Two processes on one machine
 * cannot be the same worker; the file `lock` names the one that is.
 */
export class WorkerIdentity {
  readonly workerId: string;
  readonly instanceId: string;
  /** Processes before this one that the backend may take for this worker; usually one. The newest first. */
  readonly previousInstanceIds: readonly string[];
  readonly #directory: string;

  private constructor(directory: string, kept: KeptIdentity) {
    this.#directory = directory;
    this.workerId = kept.workerId;
    this.previousInstanceIds = kept.instanceIds;
    this.instanceId = randomUUID();
  }

  /** Reads or makes the identity of a state directory. Throws `WorkerNotStarted` while another process has it. */
  static claim(directory: string): WorkerIdentity {
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      lock(join(directory, 'lock'));
      return new WorkerIdentity(directory, readKept(join(directory, 'worker.json')));
    } catch (error) {
      if (error instanceof WorkerNotStarted) throw error;
      const why = error instanceof Error ? error.message : String(error);
      throw new WorkerNotStarted(`cannot use the worker's state directory ${directory}: ${why}`);
    }
  }

  /** This instance is about to register: whether the answer comes or not, the next one may have to follow it. */
  registering(): void {
    this.#remember([this.instanceId, ...this.previousInstanceIds].slice(0, mostInstances));
  }

  /** This instance is registered: the next one will say that it follows it. */
  registered(): void {
    this.#remember([this.instanceId]);
  }

  #remember(instanceIds: readonly string[]): void {
    try {
      write(join(this.#directory, 'worker.json'), { workerId: this.workerId, instanceIds });
    } catch {
      // A full disk: the next process then has to wait until this one counts as gone.
    }
  }

  release(): void {
    rmSync(join(this.#directory, 'lock'), { force: true });
  }
}

function lock(path: string): void {
  const own = makeOwnerId();
  for (let tries = 0; tries < 2; tries++) {
    try {
      writeFileSync(path, own, { flag: 'wx', mode: 0o600 });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const owner = readText(path) ?? '';
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
      const kept = JSON.parse(text) as { workerId?: unknown; instanceIds?: unknown };
      if (isUuid(kept.workerId)) {
        const { workerId, instanceIds } = kept;
        return { workerId, instanceIds: Array.isArray(instanceIds) ? instanceIds.filter(isUuid) : [] };
      }
    } catch {
      // Not ours, or cut short: a new worker.
    }
  }
  const fresh = { workerId: randomUUID(), instanceIds: [] };
  write(path, fresh);
  return fresh;
}

function write(path: string, content: unknown): void {
  writeFileSync(`${path}.tmp`, JSON.stringify(content), { mode: 0o600 });
  renameSync(`${path}.tmp`, path);
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
