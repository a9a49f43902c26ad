/**
 * A line that the runner writes into the log of a job. Data and not only text, because people read the text, and
 * programs that follow the log (`events-of-line.ts`) need the data.
 */
export type RunnerLine =
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'pull'; readonly image: string }
  | { readonly kind: 'pulled'; readonly image: string; readonly took: string }
  /** A command of the script begins; `index` counts from 0. A reader gets only the first line of `text`. */
  | { readonly kind: 'command'; readonly index: number; readonly text: string }
  | { readonly kind: 'after-script' }
  | { readonly kind: 'after-script-skipped'; readonly why: string }
  /** A command of `after_script` begins. */
  | { readonly kind: 'after-command'; readonly text: string }
  | { readonly kind: 'artifacts' }
  | { readonly kind: 'warning'; readonly message: string }
  /** From here on, only the end of the output is kept. */
  | { readonly kind: 'log-limit'; readonly message: string }
  /** Output that was left out between the beginning and the end that are kept. */
  | { readonly kind: 'gap'; readonly size: string }
  /** Output that the worker could not store. */
  | { readonly kind: 'lost'; readonly size: string }
  | { readonly kind: 'succeeded' }
  | { readonly kind: 'canceled' }
  | { readonly kind: 'failed'; readonly message: string };

type Kind = RunnerLine['kind'];
type LineOf<K extends Kind> = Extract<RunnerLine, { readonly kind: K }>;

/**
 * One kind of line: its number in marks, its text for people, and how its data is read back from that text. The number
 * alone says what a line means. Texts may change between versions: `parse` must accept any text.
 */
interface LineFormat<K extends Kind> {
  readonly code: number;
  readonly format: (line: LineOf<K>) => string;
  readonly parse: (text: string) => Omit<LineOf<K>, 'index'>;
}

const warning = 'WARNING: ';
const commandStart = '\x1b[32;1m$ ';
const commandEnd = '\x1b[0m';

/** Codes are part of the stored and sent format: they are never changed or used again. 15 to 31 are free. */
const formats: { readonly [K in Kind]: LineFormat<K> } = {
  note: {
    code: 1,
    format: ({ text }) => text,
    parse: (text) => ({ kind: 'note', text }),
  },
  pull: {
    code: 2,
    format: ({ image }) => `Pulling image ${image}`,
    parse: (text) => ({ kind: 'pull', image: behind('Pulling image ', text) }),
  },
  pulled: {
    code: 3,
    format: ({ image, took }) => `Pulled image ${image} in ${took}`,
    parse: (text) => {
      const [image = '', took = ''] = behind('Pulled image ', text).split(' in ');
      return { kind: 'pulled', image, took };
    },
  },
  'after-script': {
    code: 4,
    format: () => 'Running after_script',
    parse: () => ({ kind: 'after-script' }),
  },
  'after-script-skipped': {
    code: 5,
    format: ({ why }) => `Skipping after_script: ${why}`,
    parse: (text) => ({ kind: 'after-script-skipped', why: behind('Skipping after_script: ', text) }),
  },
  'after-command': {
    code: 6,
    format: ({ text }) => echo(text),
    parse: (text) => ({ kind: 'after-command', text: withoutEcho(text) }),
  },
  artifacts: {
    code: 7,
    format: () => 'Saving artifacts',
    parse: () => ({ kind: 'artifacts' }),
  },
  warning: {
    code: 8,
    format: ({ message }) => warning + message,
    parse: (text) => ({ kind: 'warning', message: behind(warning, text) }),
  },
  'log-limit': {
    code: 9,
    format: ({ message }) => warning + message,
    parse: (text) => ({ kind: 'log-limit', message: behind(warning, text) }),
  },
  gap: {
    code: 10,
    format: ({ size }) => `${size} of output omitted here (log limit)`,
    parse: (text) => ({ kind: 'gap', size: text.split(' of output ')[0] ?? '' }),
  },
  lost: {
    code: 11,
    format: ({ size }) => `${warning}${size} of the log are missing here: the worker's disk was full`,
    parse: (text) => ({ kind: 'lost', size: behind(warning, text).split(' of the log ')[0] ?? '' }),
  },
  succeeded: {
    code: 12,
    format: () => 'Job succeeded',
    parse: () => ({ kind: 'succeeded' }),
  },
  canceled: {
    code: 13,
    format: () => 'Job canceled',
    parse: () => ({ kind: 'canceled' }),
  },
  failed: {
    code: 14,
    format: ({ message }) => `Job failed: ${message}`,
    parse: (text) => ({ kind: 'failed', message: behind('Job failed: ', text) }),
  },
  command: {
    // The first of the codes that say the index too.
    code: 32,
    format: ({ text }) => echo(text),
    parse: (text) => ({ kind: 'command', text: withoutEcho(text) }),
  },
};

const firstCommand = formats.command.code;
/** A mark is one byte, so the index of a command is known up to a multiple of this. */
const commandCodes = 256 - firstCommand;

const kinds = new Map(Object.entries(formats).map(([kind, { code }]) => [code, kind as Kind]));

/** The text of a line as people read it in the log; no line end. */
export function runnerLineText(line: RunnerLine): string {
  return (formats[line.kind] as LineFormat<Kind>).format(line);
}

/** The mark of a line, see `LogChunk.mark`. */
export function runnerLineMark(line: RunnerLine): number {
  return line.kind === 'command' ? firstCommand + (line.index % commandCodes) : formats[line.kind].code;
}

/**
 * A line from its mark and text. `nextCommand` is the lowest index that a command of this attempt can still have.
 * A mark of a newer version gives a note.
 */
export function readRunnerLine(mark: number, text: string, nextCommand: number): RunnerLine {
  if (mark >= firstCommand) {
    const ahead = (((mark - firstCommand - nextCommand) % commandCodes) + commandCodes) % commandCodes;
    return { ...formats.command.parse(text), index: nextCommand + ahead };
  }
  const kind = kinds.get(mark) ?? 'note';
  return (formats[kind] as LineFormat<Kind>).parse(text) as RunnerLine;
}

/** A command as the log shows it before it runs: its first line. */
export function commandEcho(command: string): string {
  const text = command.trim();
  const end = text.indexOf('\n');
  return end < 0 ? `$ ${text}` : `$ ${text.slice(0, end).trimEnd()} # collapsed multi-line command`;
}

const echo = (command: string): string => `\x1b[32;1m${commandEcho(command)}${commandEnd}`;

const withoutEcho = (text: string): string => {
  const rest = behind(commandStart, text);
  return rest.endsWith(commandEnd) ? rest.slice(0, -commandEnd.length) : rest;
};

/** The rest of a text behind its beginning; all of it if it begins otherwise. */
function behind(start: string, text: string): string {
  return text.startsWith(start) ? text.slice(start.length) : text;
}
