import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownerState } from '../owner-id.ts';

/** What a guardian looks at; all of it lies in its worker's state directory. */
export interface GuardedPlaces {
  /** A `LeaseNote`. */
  readonly lease: string;
  /** Names the worker process; gone when that has ended in peace. */
  readonly lock: string;
  /** Names the guardian itself; where it names another one, that has taken over. */
  readonly guardian: string;
  /** Holds a `RecoveryDirectory` for each container. */
  readonly records: string;
  /** Where the engine listens, as in `DOCKER_HOST`. */
  readonly engine: string | null;
}

const program = join(import.meta.dirname, 'guard-containers.ts');
const passedOn = /^(DOCKER_.*|HOME|PATH|SSH_AUTH_SOCK|XDG_RUNTIME_DIR)$/;

/**
 * Keeps a small process beside this one that outlives it and pauses its containers when their leases end: a killed
 * process cannot do that itself. One for all containers, made with the first of them; one that an earlier process of
 * this worker has left is kept. It ends by itself when there is nothing to guard.
 */
export class Guardian {
  readonly #places: GuardedPlaces;
  #child: ChildProcess | null = null;

  constructor(places: GuardedPlaces) {
    this.#places = places;
  }

  /** From now on, if not before, there is one. */
  ensure(): void {
    if (this.#child !== null || this.#left() !== null) return;
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => passedOn.test(name)));
    const argv = ['--max-semi-space-size=1', program, JSON.stringify(this.#places)];
    const child = spawn(process.execPath, argv, { cwd: '/', env, detached: true, stdio: 'ignore' });
    this.#child = child;
    const ended = () => {
      if (this.#child === child) this.#child = null;
    };
    child.once('exit', ended).once('error', ended).unref();
  }

  /** Nothing is left to be guarded. */
  end(): void {
    const pid = this.#child?.pid ?? this.#left();
    this.#child = null;
    if (pid == null) return;
    try {
      process.kill(pid);
    } catch {
      // It has ended by itself.
    }
  }

  /** The process id of one that lives. */
  #left(): number | null {
    try {
      const owner = readFileSync(this.#places.guardian, 'utf8');
      return ownerState(owner) === 'alive' ? Number(owner.split(':')[2]) : null;
    } catch {
      return null;
    }
  }
}
