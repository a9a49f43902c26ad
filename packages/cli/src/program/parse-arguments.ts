import { parseArgs } from 'node:util';
import type { Command } from '../commands/Command.ts';
import { CommandError, type CommandInput, type OptionSpec } from '../io/CommandIo.ts';
import { didYouMean } from '../io/did-you-mean.ts';
import { ExitCode } from '../io/exit-codes.ts';
import { globalOptions } from './global-options.ts';
import { optionNames } from './option-names.ts';

/** What was typed, understood. */
export type Invocation =
  | { readonly kind: 'help' }
  | { readonly kind: 'run'; readonly input: CommandInput; readonly cwd: string | null };

type OptionValue = string | boolean | readonly string[];

/** Parses what follows or surrounds the name of a command; everything wrong with it becomes one CommandError. */
export function parseArguments(command: Command, args: readonly string[]): Invocation {
  if (asksForHelp(args)) {
    return { kind: 'help' };
  }
  const specs = new Map([...command.options, ...globalOptions].map((spec) => [optionNames(spec).long, spec]));
  // Not strict: it only splits, so that the messages can be ours and say what was meant.
  const { tokens } = parseArgs({ args: [...args], options: toParserOptions(specs), strict: false, tokens: true });
  const options: Record<string, OptionValue> = {};
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') {
      positionals.push(token.value);
    } else if (token.kind === 'option') {
      const spec = specs.get(token.name);
      if (spec === undefined) {
        throw unknownOption(token.rawName, [...specs.values()], command);
      }
      const { key } = optionNames(spec);
      options[key] = readOption(spec, token.rawName, token.value, options[key], command);
    }
  }
  const { cwd, color: _, ...rest } = options;
  const given = positionals.slice(1);
  checkArguments(command, given);
  return {
    kind: 'run',
    input: { arguments: given, options: rest },
    cwd: typeof cwd === 'string' ? cwd : null,
  };
}

/** `-h` or `--help` anywhere before `--` shows help, whatever else is missing or wrong. */
export function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return args.slice(0, end === -1 ? args.length : end).some((argument) => argument === '-h' || argument === '--help');
}

function toParserOptions(specs: ReadonlyMap<string, OptionSpec>) {
  return Object.fromEntries(
    [...specs].map(([long, spec]) => {
      const { short, takesValue } = optionNames(spec);
      return [
        long,
        { type: takesValue ? ('string' as const) : ('boolean' as const), ...(short === null ? {} : { short }) },
      ];
    }),
  );
}

function readOption(
  spec: OptionSpec,
  typed: string,
  value: string | undefined,
  before: OptionValue | undefined,
  command: Command,
): OptionValue {
  if (!optionNames(spec).takesValue) {
    if (value !== undefined) {
      throw usage(`${typed} takes no value`, command);
    }
    return true;
  }
  if (value === undefined) {
    throw usage(`${typed} needs a value: ${spec.flags}`, command);
  }
  if (spec.choices !== undefined && !spec.choices.includes(value)) {
    const near = didYouMean(value, spec.choices);
    const hint = near === null ? `choose from ${spec.choices.join(', ')}` : `did you mean ${near}?`;
    throw usage(`'${value}' is not a value for ${typed}`, command, hint);
  }
  return spec.repeatable === true ? [...(Array.isArray(before) ? (before as readonly string[]) : []), value] : value;
}

/** The arguments against `<one>`, `[one]` and `[many...]`. */
function checkArguments(command: Command, given: readonly string[]): void {
  const specs = command.arguments ?? [];
  const missing = specs.find((spec, index) => spec.name.startsWith('<') && given[index] === undefined);
  if (missing !== undefined) {
    throw usage(`${missing.name} is missing: ${missing.description}`, command);
  }
  const last = specs.at(-1);
  if (given.length > specs.length && last?.name.includes('...') !== true) {
    throw usage(`unexpected argument '${given[specs.length]}'`, command);
  }
}

function unknownOption(typed: string, specs: readonly OptionSpec[], command: Command): CommandError {
  const flags = specs.map((spec) => `--${optionNames(spec).long}`);
  const near = typed.startsWith('--')
    ? (didYouMean(typed, flags) ?? flags.find((flag) => flag.startsWith(typed)))
    : null;
  return usage(`unknown option '${typed}'`, command, near ? `did you mean ${near}?` : null);
}

function usage(message: string, command: Command, hint: string | null = null): CommandError {
  return new CommandError(message, ExitCode.usage, `${hint === null ? '' : `${hint} `}see xx ${command.name} --help`);
}
