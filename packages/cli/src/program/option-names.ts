import type { OptionSpec } from '../io/CommandIo.ts';

/** What the flags of an option say: `-o, --output <format>`. */
export interface OptionNames {
  /** Without dashes: `output`. */
  readonly long: string;
  /** Without its dash; null when there is none. */
  readonly short: string | null;
  readonly takesValue: boolean;
  /** The long name in camelCase, as commands read it. */
  readonly key: string;
}

/** Reads the flags of an option. */
export function optionNames({ flags }: OptionSpec): OptionNames {
  const match = /^(?:-(\w), )?--([\w-]+)( <.+>)?$/.exec(flags);
  if (match === null) {
    throw new Error(`option flags that cannot be read: ${flags}`);
  }
  const [, short = null, long = '', value] = match;
  const key = long.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  return { long, short, takesValue: value !== undefined, key };
}
