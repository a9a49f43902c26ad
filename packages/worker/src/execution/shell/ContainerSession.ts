import type { OutputSink, ShellScript } from '../JobExecutor.ts';

/** The host's side of the shell that waits in a container. */
export interface ContainerSession {
  /** Resolves when the connection has ended, for whatever reason. */
  readonly closed: Promise<void>;
  /** Process id of the outer shell inside the container; null until it has sent its hello. */
  readonly outerPid: number | null;
  /** Other processes there that a signal to the job must spare. */
  readonly keptPids: readonly number[];
  /** What the container printed before any script. */
  readonly earlyOutput: string;
  readonly isRunning: boolean;
  /** A script has ended and left no process behind: only the shell itself runs in the container. */
  readonly isAlone: boolean;
  /** Resolves when the running script's shell is there (true) or never will be (false); null when it is, or nothing runs. */
  readonly begun: Promise<boolean> | null;
  /** Runs a script to its end; resolves with its exit code when all of its output has been taken. */
  run(script: ShellScript, sink: OutputSink): Promise<number>;
  /** Drops the connection. */
  destroy(): void;
}
