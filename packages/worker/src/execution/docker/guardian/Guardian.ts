import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Clock } from '@xx-pipeline/common';
import { ownerState } from '../../../process/index.ts';
import type { ContainerGuard, ContainerLease } from '../../ContainerGuard.ts';
import { writeLeaseNote } from './lease-note.ts';

/** Files that a guardian reads and writes; all are in its worker's state directory. */
export interface GuardedPlaces {
  /** A `LeaseNote`. */
  readonly lease: string;
  /** Names the worker process; deleted when that has ended cleanly. */
  readonly lock: string;
  /** Names the guardian process; a guardian ends when it finds another one's name. Its errors go into `<this>.log`. */
  readonly guardian: string;
  /** Contains a `RecoveryDirectory` for each container. */
  readonly records: string;
  /** Address of the engine, as in `DOCKER_HOST`. */
  readonly engine: string | null;
}

/** What a `Guardian` needs besides the places. */
export interface GuardianParts {
  readonly clock: Clock;
  readonly warn: (message: string, fields: Readonly<Record<string, string | number>>) => void;
  /** The file to run; for tests. */
  readonly program?: string;
}

const guardContainers = fileURLToPath(new URL('./guard-containers.ts', import.meta.url));
const passedOn = /^(DOCKER_.*|HOME|PATH|SSH_AUTH_SOCK|XDG_RUNTIME_DIR)$/;
/** Pauses between restarts, ms: doubled with each failure in a row. */
const firstPause = 500;
const longestPause = 60_000;
/** A guardian that lived longer than this did not fail at its start. */
const settledMs = 60_000;

/**
 * Keeps a small process beside this one that outlives it and pauses its containers when their leases end, which a killed
 * process cannot do itself. One for all containers, started with the first of them; a guardian that an earlier process of
 * this worker started is kept. It exits with code 0 when it has nothing to guard.
 *
 *   none --ensure--> running --exit 0--> none
 *                      | ^ '----end----> none
 *               failure| |pause over
 *                      v |
 *                    waiting
 *
 * A guardian that fails is reported and started again, after longer and longer pauses, until `end`: without one, the
 * containers of a killed worker run beside the next attempts of their jobs.
 */
export class Guardian implements ContainerGuard {
  readonly #places: GuardedPlaces;
  readonly #parts: GuardianParts;
  #child: ChildProcess | null = null;
  #failures = 0;
  /** Reason why the last lease could not be written. */
  #lastWrite: string | null = null;
  /** While a restart waits. */
  #waiting: AbortController | null = null;

  constructor(places: GuardedPlaces, parts: GuardianParts) {
    this.#places = places;
    this.#parts = parts;
  }

  /** Starts a guardian unless one runs. */
  ensure(): void {
    if (this.#child !== null || this.#waiting !== null || this.#running() !== null) return;
    this.#start();
  }

  renew(lease: ContainerLease): void {
    try {
      writeLeaseNote(this.#places.lease, lease);
      this.#lastWrite = null;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (this.#lastWrite !== why) this.#parts.warn('lease not written: containers may be paused too early', { why });
      this.#lastWrite = why;
    }
    if (this.#child === null && this.#waiting === null && this.#owner() === 'dead') void this.#restart('it was killed');
  }

  /** Ends the guardian: there is nothing left to guard. */
  end(): void {
    this.#waiting?.abort();
    const pid = this.#child?.pid ?? this.#running();
    this.#child = null;
    if (pid == null) return;
    try {
      process.kill(pid);
    } catch {
      // It has exited by itself.
    }
  }

  #start(): void {
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => passedOn.test(name)));
    const program = this.#parts.program ?? guardContainers;
    const argv = ['--max-semi-space-size=1', program, JSON.stringify(this.#places)];
    const startedAt = this.#parts.clock.now();
    const log = this.#openLog();
    const child = spawn(process.execPath, argv, {
      cwd: '/',
      env,
      detached: true,
      stdio: ['ignore', 'ignore', log ?? 'ignore'],
    });
    if (log !== null) closeSync(log);
    this.#child = child;
    const failed = (why: string) => {
      if (this.#child !== child) return;
      this.#child = null;
      if (this.#parts.clock.now() - startedAt > settledMs) this.#failures = 0;
      void this.#restart(why);
    };
    child.once('error', (error) => failed(error.message));
    child.once('exit', (code, signal) => {
      if (code !== 0) return failed(this.#errorText() ?? (signal === null ? `exit code ${code}` : signal));
      if (this.#child === child) this.#child = null;
      this.#failures = 0;
      rmSync(this.#logPath, { force: true });
    });
    child.unref();
  }

  async #restart(why: string): Promise<void> {
    const { clock, warn } = this.#parts;
    const pause = Math.min(longestPause, firstPause * 2 ** this.#failures++);
    warn('guardian process failed: containers are not paused if this worker is killed; restarting it', {
      why,
      failures: this.#failures,
      pauseMs: pause,
    });
    const waiting = new AbortController();
    this.#waiting = waiting;
    const isOver = await clock.sleep(pause, waiting.signal).then(
      () => true,
      () => false,
    );
    this.#waiting = null;
    if (isOver && this.#running() === null) this.#start();
  }

  get #logPath(): string {
    return `${this.#places.guardian}.log`;
  }

  /** A file rather than a pipe: the guardian outlives this process. null when the disk is full. */
  #openLog(): number | null {
    try {
      return openSync(this.#logPath, 'w', 0o600);
    } catch {
      return null;
    }
  }

  /** The line of a failed guardian's errors that says most. */
  #errorText(): string | null {
    try {
      const lines = readFileSync(this.#logPath, 'utf8')
        .split('\n')
        .filter((line) => line.trim() !== '');
      return lines.find((line) => /^\w*Error\b/.test(line)) ?? lines[0] ?? null;
    } catch {
      return null;
    }
  }

  /** The process id of a guardian that is alive. */
  #running(): number | null {
    return this.#owner() === 'alive' ? Number(this.#name()?.split(':')[2]) : null;
  }

  /** Whether the guardian that has left its name is alive. One that exits by itself deletes its name. */
  #owner(): 'alive' | 'dead' | 'unknown' | 'none' {
    const name = this.#name();
    return name === null ? 'none' : ownerState(name);
  }

  #name(): string | null {
    try {
      return readFileSync(this.#places.guardian, 'utf8');
    } catch {
      return null;
    }
  }
}
