import { parseDocument } from 'yaml';
import { codes } from '../diagnostics/codes.ts';
import type { DiagnosticSink } from '../diagnostics/DiagnosticSink.ts';
import { limits } from '../source/limits.ts';
import type { StreamError } from './parse-event-stream.ts';

const mostErrors = 20;

/** Characters that the recovering parser is given: on some broken files its time grows with the square of the length. */
const recoverable = 1 << 17;

/**
 * Reports what is wrong with a text that the fast parser refused. That one stops at the first error, so the text goes
 * through a slower parser that recovers and finds all. What only the fast one refuses is reported in its words.
 */
export function reportSyntaxErrors(file: string, text: string, first: StreamError, sink: DiagnosticSink): void {
  const at = { file, start: first.offset, end: first.offset };
  if (first.message.includes('maxDepth')) {
    const message = `the file is nested too deeply: more than ${limits.nesting} collections inside each other`;
    sink.report(codes.tooBig, { message, span: at });
    return;
  }
  const errors = findAll(text);
  if (errors.length === 0) sink.report(codes.yamlSyntax, { message: first.message, span: at, help: helpFor(text, at) });
  for (const error of errors.slice(0, mostErrors)) {
    const span = { file, start: error.start, end: error.end };
    sink.report(codes.yamlSyntax, { message: error.message, span, help: helpFor(text, span) });
  }
}

function findAll(text: string): { message: string; start: number; end: number }[] {
  if (text.length > recoverable) return [];
  try {
    const { errors } = parseDocument(text, {
      version: '1.1',
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'silent',
    });
    return errors
      .filter((error) => error.code !== 'MULTIPLE_DOCS')
      .map((error) => ({
        message: lowerFirst(error.message),
        start: Math.min(error.pos[0], text.length),
        end: Math.min(error.pos[1], text.length),
      }));
  } catch {
    // It recurses without a bound, so nesting behind the first error can exhaust the stack: one message has to do.
    return [];
  }
}

const lowerFirst = (message: string): string => message.charAt(0).toLowerCase() + message.slice(1).replace(/\.$/, '');

function helpFor(text: string, span: { start: number }): string | undefined {
  const lineStart = text.lastIndexOf('\n', span.start - 1) + 1;
  const line = text.slice(lineStart, text.indexOf('\n', span.start) >>> 0);
  if (/^ *\t/.test(line)) return 'indent with spaces: YAML does not allow tabs';
  if (/: .*: /.test(line)) return 'quote a value that contains `: `';
  return undefined;
}
