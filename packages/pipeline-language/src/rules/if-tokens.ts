import { failure, type Result, success } from '@xx-pipeline/common';
import type { IfSyntaxError } from './IfExpression.ts';

/** Kinds of tokens in the order they are tried. */
export type IfTokenKind =
  | '('
  | ')'
  | 'variable'
  | 'string'
  | 'pattern'
  | 'null'
  | 'boolean'
  | '=='
  | '=~'
  | '!='
  | '!~'
  | '&&'
  | '||'
  | '!';

/** One token of an `if:`. */
export interface IfToken {
  readonly kind: IfTokenKind;
  readonly text: string;
  readonly offset: number;
}

/** More tokens than this are refused, which also bounds the depth of the tree. */
const maxTokens = 100;

/** What each kind looks like, tried in this order. */
const lexemes: readonly (readonly [IfTokenKind, RegExp])[] = [
  ['(', /\(/],
  [')', /\)/],
  ['variable', /\$\w+/],
  ['string', /"[^"]*"|'[^']*'/],
  // At least two characters between the slashes.
  ['pattern', /\/(?=\\.|[^/\\](?:[^/\\]|\\.))(?:[^/\\]|\\.)+\/[ismU]*/],
  ['null', /null\b/],
  ['boolean', /(?:true|false)\b/],
  ['==', /==/],
  ['=~', /=~/],
  ['!=', /!=/],
  ['!~', /!~/],
  ['&&', /&&/],
  ['||', /\|\|/],
  ['!', /!/],
];

/** One group for each kind. */
const anyLexeme = lexemes.map(([, regex]) => `(${regex.source})`).join('|');

/** The tokens of an `if:`, or the first place that is none. */
export function tokenizeIf(text: string): Result<IfToken[], IfSyntaxError> {
  const tokens: IfToken[] = [];
  const lexeme = new RegExp(anyLexeme, 'sy');
  let offset = 0;
  for (;;) {
    while (/\s/.test(text[offset] ?? '')) offset += 1;
    if (offset >= text.length) return success(tokens);
    if (tokens.length === maxTokens) {
      return failure({ message: `invalid expression syntax: more than ${maxTokens} tokens`, offset });
    }
    const token = tokenAt(text, offset, lexeme);
    if (token === null) return failure({ message: `invalid expression syntax: ${hintAt(text, offset)}`, offset });
    tokens.push(token);
    offset += token.text.length;
  }
}

function tokenAt(text: string, offset: number, lexeme: RegExp): IfToken | null {
  lexeme.lastIndex = offset;
  const groups = lexeme.exec(text)?.slice(1) ?? [];
  const found = groups.findIndex((group) => group !== undefined);
  const kind = lexemes[found]?.[0];
  return kind === undefined ? null : { kind, text: groups[found] ?? '', offset };
}

/** The common slips get a word of help. */
function hintAt(text: string, offset: number): string {
  const rest = text.slice(offset);
  if (/^\$\{/.test(rest)) return 'write $NAME instead of ${NAME}';
  if (/^%\w+%/.test(rest)) return 'write $NAME instead of %NAME%';
  if (/^=/.test(rest)) return '"=" is no operator; use "==" or "=~"';
  if (/^&/.test(rest)) return '"&" is no operator; use "&&"';
  if (/^\|/.test(rest)) return '"|" is no operator; use "||"';
  if (/^["']/.test(rest)) return 'the quoted text has no end';
  if (/^\//.test(rest)) return 'a pattern is /two or more characters/, with flags out of i, s, m and U';
  const word = /^[\w.-]+/.exec(rest)?.[0];
  if (word !== undefined) return `unexpected "${word.slice(0, 40)}"; variables begin with "$", texts stand in quotes`;
  return `unexpected "${String.fromCodePoint(rest.codePointAt(0) ?? 0)}"`;
}
