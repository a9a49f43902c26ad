import { failure, type Result, success } from '@xx-pipeline/common';
import { compilePattern, patternSource } from './compile-pattern.ts';
import type { IfExpression, IfSyntaxError } from './IfExpression.ts';
import { type IfToken, type IfTokenKind, tokenizeIf } from './if-tokens.ts';

export type { IfExpression, IfSyntaxError } from './IfExpression.ts';

/** Longest text of an `if:`. */
const maxLength = 10_000;

/**
 * Parses an `if:`. From tightest to loosest: `!`, then `== != =~ !~`, then `&&`, then `||`; all lean to the left.
 * Every message says "invalid expression syntax".
 */
export function parseIf(text: string): Result<IfExpression, IfSyntaxError> {
  if (text.length > maxLength) {
    return failure({ message: `invalid expression syntax: longer than ${maxLength} characters`, offset: maxLength });
  }
  const tokens = tokenizeIf(text);
  if (!tokens.ok) return tokens;
  try {
    return success(new IfParser(tokens.value, text.length).parse());
  } catch (error) {
    if (error instanceof SyntaxProblem) {
      return failure({ message: `invalid expression syntax: ${error.message}`, offset: error.offset });
    }
    throw error;
  }
}

/** Leaves the recursion; never leaves this file. */
class SyntaxProblem extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

class IfParser {
  readonly #tokens: readonly IfToken[];
  readonly #end: number;
  #position = 0;

  constructor(tokens: readonly IfToken[], end: number) {
    this.#tokens = tokens;
    this.#end = end;
  }

  parse(): IfExpression {
    const expression = this.#or();
    const rest = this.#tokens[this.#position];
    if (rest === undefined) return expression;
    const message = rest.kind === ')' ? '")" without "("' : `expected an operator before ${rest.text}`;
    throw new SyntaxProblem(message, rest.offset);
  }

  #or(): IfExpression {
    let left = this.#and();
    while (this.#take('||') !== null) left = { kind: 'or', left, right: this.#and() };
    return left;
  }

  #and(): IfExpression {
    let left = this.#comparison();
    while (this.#take('&&') !== null) left = { kind: 'and', left, right: this.#comparison() };
    return left;
  }

  #comparison(): IfExpression {
    let left = this.#unary();
    for (;;) {
      const operator = this.#takeComparison();
      if (operator === null) return left;
      left = { kind: 'comparison', operator, left, right: this.#unary() };
    }
  }

  #unary(): IfExpression {
    if (this.#take('!') !== null) return { kind: 'not', operand: this.#unary() };
    return this.#operand();
  }

  #operand(): IfExpression {
    const token = this.#tokens[this.#position];
    if (token === undefined) {
      throw new SyntaxProblem(this.#tokens.length === 0 ? 'it is empty' : 'a value is missing at the end', this.#end);
    }
    this.#position += 1;
    switch (token.kind) {
      case 'variable':
        return { kind: 'variable', name: token.text.slice(1) };
      case 'string':
        return { kind: 'string', value: token.text.slice(1, -1) };
      case 'null':
        return { kind: 'null' };
      case 'boolean':
        return { kind: 'boolean', value: token.text === 'true' };
      case 'pattern':
        return pattern(token);
      case '(': {
        const inner = this.#or();
        if (this.#take(')') === null) throw new SyntaxProblem('"(" is never closed', token.offset);
        return inner;
      }
      case ')':
      case '==':
      case '!=':
      case '=~':
      case '!~':
      case '&&':
      case '||':
      case '!':
        throw new SyntaxProblem(`a value is missing before ${token.text}`, token.offset);
    }
  }

  #takeComparison(): '==' | '!=' | '=~' | '!~' | null {
    const kind = this.#tokens[this.#position]?.kind;
    if (kind !== '==' && kind !== '!=' && kind !== '=~' && kind !== '!~') return null;
    this.#position += 1;
    return kind;
  }

  #take(kind: IfTokenKind): IfToken | null {
    const token = this.#tokens[this.#position];
    if (token?.kind !== kind) return null;
    this.#position += 1;
    return token;
  }
}

function pattern(token: IfToken): IfExpression {
  const source = patternSource(token.text) ?? '';
  const compiled = compilePattern(source);
  if (!compiled.ok) throw new SyntaxProblem(compiled.error, token.offset);
  return { kind: 'pattern', source, pattern: compiled.value };
}
