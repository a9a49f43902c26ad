import type { ImagePlan, SourceRequest } from '@xx-pipeline/common';

/** The directory in the container that holds the job's files; also where its script starts. */
export const workspacePath = '/workspace';

/**
 * What an executor can do, and what its containers cost. Callers decide by these and never by the kind of an executor.
 * Constant for the life of the executor.
 */
export interface ExecutorTraits {
  /** Containers run on when this process ends, and `adopt` finds them. False: they end with it; `adopt` returns null. */
  readonly outlivesProcess: boolean;
  /** `pause` and `unpause` work. False: a container whose attempt may have been given away can only be ended. */
  readonly canPause: boolean;
  /** Fetches trees by their key itself. False: a tree must be on this machine's disk before `prepare`. */
  readonly bringsOwnTrees: boolean;
  /** A container that waits for its script takes nothing that a running job may need, and saves time. */
  readonly makesAheadCheaply: boolean;
  /** Containers may wait in a queue of the engine's own: see `PrepareObserver.queued`. */
  readonly queues: boolean;
}

/** Whether the engine behind an executor is reachable. */
export interface ExecutorHealth {
  readonly ok: boolean;
  /** One line: name and version of the engine, or the problem. */
  readonly text: string;
}

/**
 * The port to an engine that runs containers. Engines that are clusters must fit behind it (no shared disk,
 * streams that break, a queue of their own), so callers never assume a local path or a local container.
 *
 * Order of calls for one job:
 *
 *   prepare --> putFiles* --> run (script) --> run (after_script)? --> getFiles* --> remove
 *                  '-------- interrupt may come at any time during run --------'
 *
 * `remove` may come at any point, also instead of everything else, and always comes.
 * Different containers are independent: their calls may overlap freely.
 * A failure that is the job's own never throws: it is an exit code. What throws is `ExecutionBroken`
 * (the machinery failed) or `ImageUnavailable`.
 */
export interface JobExecutor {
  readonly traits: ExecutorTraits;

  /** Queries the engine. Never rejects. */
  health(): Promise<ExecutorHealth>;

  /**
   * Removes what processes that have certainly ended left in the engine and on this machine. At most once, when nothing
   * urgent is left to do; `close` waits for it. Rejects when the engine is unreachable.
   */
  sweep(): Promise<void>;

  /**
   * Makes ready all that does not depend on earlier jobs: image, workspace, a started container that waits for
   * its script. Runs nothing of the job, so that it may be called ahead and its result thrown away.
   * Aborting `signal` stops the work and removes what was made; the promise then rejects with the signal's reason.
   * Throws `ImageUnavailable` or `ExecutionBroken`.
   */
  prepare(spec: ContainerSpec, observer: PrepareObserver, signal: AbortSignal): Promise<JobContainer>;

  /**
   * The container of an attempt whose script an earlier process has begun, perhaps ended by now; null when there is none,
   * or its script was not begun. Its `run`s are replayed from their beginning (output, marks, exit code) as far as they
   * were begun, and continue from there; nothing runs twice. Always null unless `traits.outlivesProcess`.
   */
  adopt(spec: ContainerSpec): Promise<JobContainer | null>;

  /**
   * Removes containers of earlier processes with the same owner that were not adopted. At most once, before the first
   * `prepare`. Does nothing unless `traits.outlivesProcess`.
   */
  removeUnadopted(): Promise<void>;

  /** Removes what jobs share and waits until every removal that has begun has ended. No call may follow. */
  close(): Promise<void>;
}

/** What a job's container is made from. Variables and scripts are not part of it: they come with `run`. */
export interface ContainerSpec {
  readonly runId: string;
  readonly jobId: string;
  readonly jobName: string;
  readonly attempt: number;
  readonly image: ImagePlan;
  readonly source: SourceRequest;
  /**
   * Jobs that are certain to have ended before this one runs. A hint: an executor that shares something between
   * jobs one after the other (a network sandbox) may share it with these.
   */
  readonly runsAfter: readonly string[];
  /** No other container is expected beside or after it. A hint: sharing anything is only a detour then. */
  readonly isOnly: boolean;
}

/** Receives what happens while a container is made ready. */
export interface PrepareObserver {
  /**
   * The container waits for a place in a queue of the engine's own, of a cluster for example. Until `started` it uses
   * nothing of a machine: the job's time does not count, and it needs no slot. May come more than once.
   */
  queued(): void;
  /** The container waits in that queue no longer. Only after `queued`, and before `prepare` resolves. */
  started(): void;
  /** A pull of this job's image is under way; bytes so far and in all (0 = not known yet). */
  pulling(image: string, current: number, total: number): void;
  /** The image is present now; milliseconds this job waited for the pull, 0 if it was present before. */
  pulled(image: string, ms: number): void;
  /** A problem that does not stop the job, for its log: a fallback that is used. */
  warning(message: string): void;
}

/** A shell text and how its marks look. */
export interface ShellScript {
  /** Read by bash where the image has it, else by sh; standard input is /dev/null, the working directory the workspace. */
  readonly text: string;
  /**
   * `mark` and a whole number up to the end of a line is not output but a mark. The text writes each mark on standard
   * output and on standard error, and the numbers rise. A random text, so that no job meets it by accident.
   */
  readonly mark: string;
}

/** Receives a container's output while it runs: both streams and the marks in one order. */
export interface OutputSink {
  /** Bytes of one stream, in order. The next call waits for the returned promise: back-pressure reaches the job. */
  write(stream: 'stdout' | 'stderr', bytes: Uint8Array, at: number): void | Promise<void>;
  /**
   * The number of a mark. Output before it on either stream has been written before this call, output behind it is written
   * after it. Where the text fails to write a mark on one stream, the one on the other is used.
   */
  mark(mark: number, at: number): void;
  /**
   * Output of unknown length may be missing at this point of a stream; `why` is for the log. Output that an earlier process
   * reported beyond this point is not replayed; what follows is new.
   */
  lost?(stream: 'stdout' | 'stderr', why: string, at: number): void | Promise<void>;
}

/** How a shell text ended. */
export interface ScriptExit {
  readonly exitCode: number;
  /** It was killed because its container used too much memory. */
  readonly outOfMemory: boolean;
  /** Memory limit of the container in bytes, where it was exceeded. */
  readonly memoryLimit?: number;
}

/** One job's container. Every method but `interrupt` and `remove` waits for the one before. */
export interface JobContainer {
  /** Unpacks a tar stream over the workspace; only before the first `run`. */
  putFiles(tar: AsyncIterable<Uint8Array>): Promise<void>;

  /**
   * Runs a shell text to its end and resolves as soon as its exit code and all of its output are known.
   * Processes it left behind may live until `remove`. Throws `ExecutionBroken` when the container or engine is gone.
   */
  run(script: ShellScript, output: OutputSink): Promise<ScriptExit>;

  /**
   * Sends TERM (or KILL if `force`) to every process of the current `run`, which then ends on its own;
   * the container stays usable. Never throws; does nothing when nothing runs.
   */
  interrupt(force: boolean): Promise<void>;

  /**
   * Freezes every process in it until `unpause`. Meanwhile nothing of it has an effect; only a forced `interrupt` and
   * `remove` reach it. Does nothing to a container that has ended or is paused. Throws `ExecutionBroken`, always where
   * not `traits.canPause`.
   */
  pause(): Promise<void>;

  /** Resumes a paused container. Does nothing to one that has ended or is not paused. Throws `ExecutionBroken`. */
  unpause(): Promise<void>;

  /**
   * The file or directory at `path` (relative to the workspace, `.` for all of it) as a tar stream whose names are
   * relative to the workspace; null when there is none. Allowed after the last `run`, also when it failed.
   */
  getFiles(path: string): Promise<AsyncIterable<Uint8Array> | null>;

  /**
   * Paths relative to the workspace (files and links, no directories) that may match a pattern beginning with the
   * literal directory `under` (`.` for the root). May list more than exists, never less; null = cannot list, use `getFiles`.
   */
  listFiles(under: string): Promise<readonly string[] | null>;

  /**
   * Removes the container, its workspace and all that belongs to it alone, in any state.
   * Resolves when nothing of it is left that a following job could reach. Idempotent; never throws;
   * has a deadline of its own and ignores the job's signal.
   */
  remove(): Promise<void>;
}
