import { parseDocument } from 'yaml';
import { codes } from '../diagnostics/codes.ts';
import type { DiagnosticSink } from '../diagnostics/DiagnosticSink.ts';
import { limits } from '../source/limits.ts';
import { findUnclosedBracket } from './indent-flow-lines.ts';
import type { ReadableText, StreamError } from './parse-event-stream.ts';

const mostErrors = 20;

/** Characters that the recovering parser is given: on some broken files its time grows with the square of the length. */
const recoverable = 1 << 17;

interface SyntaxError {
  readonly message: string;
  readonly help: string | undefined;
  /** Consequences of other faults come after their causes: the smaller, the more likely a cause. */
  readonly rank: number;
  readonly start: number;
  readonly end: number;
}

/**
 * Reports what is wrong with a text that the fast parser refused. That one stops at the first error, so the text goes
 * through a slower parser that recovers and finds all. What only the fast one refuses is reported in its words.
 */
export function reportSyntaxErrors(
  file: string,
  { text, toOriginal }: ReadableText,
  first: StreamError,
  sink: DiagnosticSink,
): void {
  if (first.message.includes('maxDepth')) {
    const message = `the file is nested too deeply: more than ${limits.nesting} collections inside each other`;
    const at = toOriginal(first.offset);
    sink.report(codes.tooBig, { message, span: { file, start: at, end: at } });
    return;
  }
  const found = onePerEntry(text, findAll(text));
  const { message, help } = inGitLabsWords('', first.message, lineAt(text, first.offset));
  const errors = found.length > 0 ? found : [{ message, help, start: first.offset, end: first.offset }];
  for (const error of errors.slice(0, mostErrors)) {
    const span = { file, start: toOriginal(error.start), end: toOriginal(error.end) };
    sink.report(codes.yamlSyntax, { message: error.message, span, help: error.help });
  }
}

function findAll(text: string): readonly SyntaxError[] {
  if (text.length > recoverable) return [];
  try {
    const { errors } = parseDocument(text, {
      version: '1.1',
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'silent',
    });
    const kept = errors.filter((error) => error.code !== 'MULTIPLE_DOCS');
    const opened = kept.some(({ message }) => isUnclosed(message)) ? findUnclosedBracket(text) : null;
    return kept.map((error) => {
      const start = Math.min(error.pos[0], text.length);
      const words = inGitLabsWords(error.code, error.message, lineAt(text, start));
      // Where the bracket is that was not closed, rather than where the parser noticed.
      if (isUnclosed(error.message) && opened !== null && opened < start) {
        return { ...words, start: opened, end: opened + 1 };
      }
      return { ...words, start, end: Math.min(error.pos[1], text.length) };
    });
  } catch {
    // It recurses without a bound, so nesting behind the first error can exhaust the stack: one message has to do.
    return [];
  }
}

/** One fault makes several errors in what follows it, up to the next top-level key: only the likeliest cause is kept. */
function onePerEntry(text: string, errors: readonly SyntaxError[]): readonly SyntaxError[] {
  const topLevel = [...text.matchAll(/^[^\s#\]}]/gm)].map(({ index }) => index);
  const chosen = new Map<number, SyntaxError>();
  let entry = -1;
  for (const error of errors.toSorted((one, other) => one.start - other.start)) {
    while ((topLevel[entry + 1] ?? Number.POSITIVE_INFINITY) <= error.start) entry++;
    const other = chosen.get(entry);
    if (other === undefined || error.rank < other.rank) chosen.set(entry, error);
  }
  return [...chosen.values()];
}

/** The words of libyaml, which GitLab shows and people search for, and what to do. */
function inGitLabsWords(code: string, message: string, line: string): Pick<SyntaxError, 'message' | 'help' | 'rank'> {
  if (code === 'TAB_AS_INDENT' || /^ *\t/.test(line)) {
    return {
      message: 'found character that cannot start any token: a tab in the indentation',
      help: 'indent with spaces: YAML does not allow tabs',
      rank: 0,
    };
  }
  if (isUnclosed(message)) {
    const [open, close] = /^flow map/i.test(message) ? ['{', '}'] : ['[', ']'];
    return {
      message: `did not find expected ',' or '${close}'`,
      help: `close what \`${open}\` opened with \`${close}\``,
      rank: 1,
    };
  }
  if (/^missing closing/i.test(message)) {
    return { message: 'found unexpected end of stream: a quote is not closed', help: 'add the closing quote', rank: 1 };
  }
  if (/nested mappings/i.test(message)) {
    return {
      message: 'mapping values are not allowed in this context',
      help: 'quote a value that contains `: `, or correct the indentation',
      rank: 1,
    };
  }
  if (code === 'MULTILINE_IMPLICIT_KEY' || /implicit (map )?keys? need/i.test(message)) {
    return {
      message: "could not find expected ':'",
      help: 'write `key: value`, with a space after the colon',
      rank: 2,
    };
  }
  if (/unexpected scalar/i.test(message)) {
    return {
      message: 'did not find expected key: there is text behind the end of a value',
      help: 'quote the whole value if it contains quotes, with the other kind of quotes around it',
      rank: 2,
    };
  }
  return { message: lowerFirst(message), help: undefined, rank: code === 'UNEXPECTED_TOKEN' ? 4 : 3 };
}

const isUnclosed = (message: string): boolean => /^flow (sequence|map)/i.test(message);

const lowerFirst = (message: string): string => message.charAt(0).toLowerCase() + message.slice(1).replace(/\.$/, '');

function lineAt(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  return text.slice(start, text.indexOf('\n', offset) >>> 0);
}
