import type { OptionSpec } from '../io/CommandIo.ts';

/** When to use colours. */
export type ColorMode = 'auto' | 'always' | 'never';

/** The options every command takes, before or after its name. */
export const globalOptions: readonly OptionSpec[] = [
  { flags: '-C, --cwd <dir>', description: 'work as if started in this directory' },
  { flags: '--color <when>', description: 'colors in the output', choices: ['auto', 'always', 'never'] },
  { flags: '-h, --help', description: 'show help' },
];

/** What the arguments say before they are parsed: enough to load one command and to report errors in colour. */
export interface ArgumentScan {
  /** The first argument that is no option; null when there is none. */
  readonly command: string | null;
  readonly color: ColorMode;
}

/** Looks for the command's name and `--color`, without judging anything. */
export function scanArguments(args: readonly string[]): ArgumentScan {
  let command: string | null = null;
  let color: ColorMode = 'auto';
  for (let index = 0; index < args.length; index += 1) {
    const argument = args[index] ?? '';
    if (argument === '--') {
      break;
    }
    const [name, inline] = splitAt(argument, '=');
    if (name === '--color') {
      const when = inline ?? args[index + 1];
      if (when === 'always' || when === 'never' || when === 'auto') {
        color = when;
      }
    }
    if ((argument === '--color' || argument === '-C' || argument === '--cwd') && command === null) {
      index += 1;
    } else if (command === null && !argument.startsWith('-')) {
      command = argument;
    }
  }
  return { command, color };
}

function splitAt(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
