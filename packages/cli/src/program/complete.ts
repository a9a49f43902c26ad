import type { Command } from '../commands/Command.ts';
import type { CommandIo, OptionSpec } from '../io/CommandIo.ts';
import { ExitCode } from '../io/exit-codes.ts';
import { globalOptions } from './global-options.ts';
import { optionNames } from './option-names.ts';
import { commandLoaders } from './registry.ts';
import { splitTypedLine, toBashCandidate } from './shell-words.ts';

/**
 * Answers a completion script: `bash LINE`, or `zsh|fish WORD...` with the unfinished word last. Prints one candidate
 * a line. Whatever goes wrong, it prints nothing: a message in the middle of typing helps nobody.
 */
export async function complete(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  try {
    const [shell, ...rest] = args;
    const line =
      shell === 'bash' ? splitTypedLine(rest[0] ?? '') : { words: rest.slice(0, -1), current: rest.at(-1) ?? '' };
    const found = await findCandidates(line.words.slice(1), line.current, io);
    const matching = found.filter((each) => each.startsWith(line.current) && !/[\x00-\x1f\x7f]/.test(each));
    const shown = 'raw' in line ? matching.map((each) => toBashCandidate(each, line.raw)) : matching;
    io.stdout.write(shown.map((each) => `${each}\n`).join(''));
  } catch {}
  return ExitCode.success;
}

async function findCandidates(words: readonly string[], current: string, io: CommandIo): Promise<readonly string[]> {
  const names = Object.keys(commandLoaders);
  const { command, before, options } = await readWords(words);
  const inline = /^(--[\w-]+)=/.exec(current);
  const option = inline === null ? before : (findOption(options, inline[1] ?? '') ?? null);
  if (option !== null) {
    const values = await valuesOf(option, words, io);
    return inline === null ? values : values.map((value) => `${inline[0]}${value}`);
  }
  if (command === null) {
    const flags = longFlags([...globalOptions, { flags: '--version', description: '' }]);
    return current.startsWith('-') ? flags : [...names, 'help'];
  }
  if (command === 'help') {
    return names;
  }
  if (current.startsWith('-')) {
    return longFlags(options);
  }
  const [argument] = command.arguments ?? [];
  if (argument === undefined) {
    return [];
  }
  return argument.name.includes('shell')
    ? ['bash', 'zsh', 'fish']
    : argument.name.includes('job')
      ? await jobNames(words, io)
      : [];
}

interface ReadWords {
  /** null: none typed yet. */
  readonly command: Command | 'help' | null;
  /** The option whose value comes now. */
  readonly before: OptionSpec | null;
  readonly options: readonly OptionSpec[];
}

async function readWords(words: readonly string[]): Promise<ReadWords> {
  let command: Command | 'help' | null = null;
  let options: readonly OptionSpec[] = globalOptions;
  let before: OptionSpec | null = null;
  for (const word of words) {
    if (before !== null) {
      before = null;
    } else if (word.startsWith('-')) {
      const option = findOption(options, word);
      before = option !== undefined && optionNames(option).takesValue ? option : null;
    } else if (command === null) {
      const load = Object.hasOwn(commandLoaders, word) ? commandLoaders[word] : undefined;
      if (load === undefined && word !== 'help') {
        throw new Error(`unknown command ${word}`);
      }
      command = load === undefined ? 'help' : await load();
      options = command === 'help' ? globalOptions : [...command.options, ...globalOptions];
    }
  }
  return { command, before, options };
}

async function valuesOf(option: OptionSpec, words: readonly string[], io: CommandIo): Promise<readonly string[]> {
  const { long } = optionNames(option);
  if (option.choices !== undefined) {
    return option.choices;
  }
  return long === 'job' || long === 'play' ? await jobNames(words, io) : [];
}

/** All jobs of the file, in this run or not, instances of a matrix and their common name. */
async function jobNames(words: readonly string[], io: CommandIo): Promise<readonly string[]> {
  const { checkWithoutContext } = await import('../run/load-pipeline.ts');
  const { plan } = checkWithoutContext(
    valueBehind(words, ['-f', '--file']),
    valueBehind(words, ['-C', '--cwd']) ?? io.cwd,
    io,
  );
  if (plan === null) {
    return [];
  }
  const jobs = plan.stages.flatMap((stage) => stage.jobs);
  return [...new Set([...jobs.flatMap((job) => [job.baseName, job.name]), ...plan.excluded.map((job) => job.name)])];
}

function valueBehind(words: readonly string[], flags: readonly string[]): string | undefined {
  const at = words.findLastIndex((word) => flags.includes(word));
  return at === -1 ? undefined : words[at + 1];
}

const findOption = (options: readonly OptionSpec[], flag: string): OptionSpec | undefined =>
  options.find((option) => {
    const { long, short } = optionNames(option);
    return flag === `--${long}` || flag === `-${short}`;
  });

const longFlags = (options: readonly OptionSpec[]): string[] =>
  options.map((option) => `--${optionNames(option).long}`);
