import { failure, type Result, success } from '@xx-pipeline/common';
import { RE2JS } from 're2js';

/** Longest regular expression a pipeline file may hold: compiling costs time and memory in proportion. */
const maxSourceLength = 1000;

/** Longest text searched: a variable can hold a whole file. */
const maxSubjectLength = 100_000;

/** A compiled pattern. */
export interface Pattern {
  /** Unanchored search. */
  find(text: string): boolean;
}

/** Compiles RE2 (linear time whatever the input); the error says what is wrong with the pattern. */
export function compilePattern(source: string): Result<Pattern, string> {
  if (source.length > maxSourceLength) {
    return failure(`the regular expression is longer than ${maxSourceLength} characters`);
  }
  try {
    const compiled = RE2JS.compile(source);
    return success({ find: (text) => compiled.test(text.slice(0, maxSubjectLength)) });
  } catch (error) {
    const detail = error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : String(error);
    return failure(`not a regular expression of RE2: ${detail}`);
  }
}

/** `/re/flags` as RE2 source; null when the text does not look like that. */
export function patternSource(text: string): string | null {
  const match = /^\/(.*)\/([ismU]*)$/s.exec(text);
  if (match === null) return null;
  const [, body = '', flags = ''] = match;
  return flags === '' ? body : `(?${flags})${body}`;
}
