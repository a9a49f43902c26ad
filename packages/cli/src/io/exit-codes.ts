/** What `xx` tells the shell; documented in `xx --help` and docs/cli.md. */
export const ExitCode = {
  /** Also: waits for a person, nothing to run (said on stderr). */
  success: 0,
  pipelineFailed: 1,
  /** Wrong usage or an invalid pipeline file. */
  usage: 2,
  /** Our own failure or the machine's: no Docker, disk full. */
  machine: 3,
  interrupted: 130,
} as const;

/** One of the exit codes. */
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
