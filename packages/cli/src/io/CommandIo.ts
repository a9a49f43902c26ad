import type { ExitCode } from './exit-codes.ts';

/** An option as help, completion and the parser see it. */
export interface OptionSpec {
  /** `-f, --file <path>`; without `<value>` it is a switch. */
  readonly flags: string;
  readonly description: string;
  readonly choices?: readonly string[];
  /** May be given several times; the value is then a list. */
  readonly repeatable?: boolean;
}

/** What was typed, parsed. Option keys are the long names in camelCase; absent options are absent. */
export interface CommandInput {
  readonly arguments: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
}

/** A stream to a person or a program. */
export interface OutputStream {
  write(data: string | Uint8Array): boolean;
  readonly isTTY: boolean;
  readonly columns: number;
  /** Height of the terminal; absent when it is not known. */
  readonly rows?: number | undefined;
  /** Colours are wanted here: TTY, NO_COLOR and --color considered. */
  readonly color: boolean;
  /** Resolves when what was written has been taken; for back-pressure. */
  drained(): Promise<void>;
}

/** The world as a command sees it; nothing else may print or read the environment. */
export interface CommandIo {
  /** Data only. */
  readonly stdout: OutputStream;
  /** Progress, hints, errors. */
  readonly stderr: OutputStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Aborts at the first Ctrl-C (SIGINT), SIGTERM or SIGHUP. */
  readonly interrupted: AbortSignal;
  /** Aborts at the second: stop asking nicely. */
  readonly killed: AbortSignal;
}

/** Thrown for what the user can mend at the command line; shown as one message, never a stack trace. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exitCode: ExitCode;
  readonly help: string | null;

  constructor(message: string, exitCode: ExitCode, help: string | null = null) {
    super(message);
    this.exitCode = exitCode;
    this.help = help;
  }
}
