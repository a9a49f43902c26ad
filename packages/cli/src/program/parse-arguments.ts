import { Command as Parser, CommanderError, Option } from 'commander';
import { type Command, CommandError, type CommandInput, type OptionSpec } from '../commands/Command.ts';
import { ExitCode } from '../exit-codes.ts';
import { globalOptions } from './global-options.ts';

/** What was typed, understood. */
export type Invocation =
  | { readonly kind: 'help'; readonly command: string | null }
  | { readonly kind: 'run'; readonly input: CommandInput; readonly cwd: string | null };

/** Parses the arguments of one command; everything wrong with them becomes one CommandError. */
export function parseArguments(command: Command, args: readonly string[]): Invocation {
  const root = quiet(new Parser('xx'));
  for (const spec of globalOptions) {
    root.addOption(toOption(spec));
  }
  const parser = quiet(root.command(command.name));
  for (const argument of command.arguments ?? []) {
    parser.argument(argument.name, argument.description);
  }
  for (const spec of command.options) {
    parser.addOption(toOption(spec));
  }
  parser.action(() => {});
  if (asksForHelp(args)) {
    return { kind: 'help', command: command.name };
  }
  try {
    root.parse([...args], { from: 'user' });
  } catch (error) {
    throw error instanceof CommanderError ? usageError(error, command.name) : error;
  }
  const cwd: unknown = root.opts()['cwd'];
  return {
    kind: 'run',
    input: { arguments: parser.args, options: parser.opts() },
    cwd: typeof cwd === 'string' ? cwd : null,
  };
}

/** `-h` or `--help` anywhere before `--` shows help, whatever else is missing or wrong. */
export function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return args.slice(0, end === -1 ? args.length : end).some((argument) => argument === '-h' || argument === '--help');
}

function quiet(parser: Parser): Parser {
  return parser
    .exitOverride()
    .helpOption(false)
    .helpCommand(false)
    .configureOutput({ writeOut: () => {}, writeErr: () => {} });
}

function toOption(spec: OptionSpec): Option {
  const option = new Option(spec.flags, spec.description);
  if (spec.choices !== undefined) {
    option.choices(spec.choices);
  }
  if (spec.repeatable === true) {
    option.argParser((value: string, previous: readonly string[] | undefined) => {
      if (spec.choices !== undefined && !spec.choices.includes(value)) {
        throw new CommandError(
          `'${value}' is not a value of ${spec.flags}`,
          ExitCode.usage,
          `choose from ${spec.choices.join(', ')}`,
        );
      }
      return [...(previous ?? []), value];
    });
  }
  return option;
}

/** Commander's `error: unknown option '--fil'\n(Did you mean --file?)`, split into message and help. */
function usageError(error: CommanderError, command: string): CommandError {
  const [first = '', ...rest] = error.message.replace(/^error: /, '').split('\n');
  const suggestion = /Did you mean (?:one of )?(.+)\?/.exec(rest.join(' '))?.[1];
  const usage = `see xx ${command} --help`;
  return new CommandError(
    first.replace(/\.$/, ''),
    ExitCode.usage,
    suggestion === undefined ? usage : `did you mean ${suggestion}? ${usage}`,
  );
}
