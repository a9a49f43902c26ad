import type { CommandInput, CommandIo, OptionSpec } from '../io/CommandIo.ts';
import type { ExitCode } from '../io/exit-codes.ts';

/** An argument by position: `<job>` is required, `[job...]` optional and repeatable. */
export interface ArgumentSpec {
  readonly name: string;
  readonly description: string;
}

/** One way to use the command, shown in its help. */
export interface Example {
  readonly command: string;
  readonly explains: string;
}

/** One verb of the command line, a value: cheap to load, it imports what it needs when it runs. */
export interface Command {
  readonly name: string;
  /** One line, shown in the list of commands. */
  readonly summary: string;
  readonly arguments?: readonly ArgumentSpec[];
  readonly options: readonly OptionSpec[];
  /** At least two. */
  readonly examples: readonly Example[];
  /** Serves until a signal ends it: that end is no interruption, and the exit code is what `run` returns. */
  readonly isService?: true;
  run(input: CommandInput, io: CommandIo): Promise<ExitCode>;
}
