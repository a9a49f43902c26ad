import { CommandError, type CommandInput, type OptionSpec } from './CommandIo.ts';
import { ExitCode } from './exit-codes.ts';

/** `-f`, for every command that reads a pipeline file. */
export const fileOption: OptionSpec = {
  flags: '-f, --file <path>',
  description: 'the pipeline file; otherwise the first known name here or in a directory above',
};

/** `-o` with the formats of a command. */
export const outputOption = (...choices: readonly string[]): OptionSpec => ({
  flags: '-o, --output <format>',
  description: `what to print; ${choices[0]} if not given`,
  choices,
});

/** What rules look at, to ask "what if". */
export const contextOptions: readonly OptionSpec[] = [
  { flags: '--branch <name>', description: 'as if this branch were checked out' },
  { flags: '--tag <name>', description: 'as if this tag were checked out' },
  { flags: '--var <KEY=VALUE>', description: 'a variable for this run; overrides the file', repeatable: true },
];

/** An option that is given at most once. */
export function textOption(input: CommandInput, name: string): string | undefined {
  const value = input.options[name];
  return typeof value === 'string' ? value : undefined;
}

/** An option that may be repeated. */
export function listOption(input: CommandInput, name: string): readonly string[] {
  const value = input.options[name];
  return typeof value === 'object' ? value : typeof value === 'string' ? [value] : [];
}

/** Ends the command when one of these options is given, saying why it makes no sense here. */
export function refuseOptions(input: CommandInput, names: readonly string[], why: string): void {
  for (const name of names) {
    const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    if (input.options[name] !== undefined) throw new CommandError(`--${flag} ${why}`, ExitCode.usage);
  }
}
