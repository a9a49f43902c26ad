import { unreachable } from '@xx-pipeline/common';
import { compilePattern, patternSource } from './compile-pattern.ts';
import type { ComparisonOperator, IfExpression } from './IfExpression.ts';

/** What an `if:` came to, and the values that made it so: `CI_COMMIT_TAG is unset`. */
export interface IfEvaluation {
  readonly value: boolean;
  readonly reason: string;
}

/** Values longer than this are cut when shown. */
const shownLength = 80;

/** Evaluates an `if:` on variables as they are written, not expanded. */
export function evaluateIf(expression: IfExpression, variables: Readonly<Record<string, string>>): IfEvaluation {
  const read = new Map<string, string | null>();
  const evaluator: Evaluator = {
    lookUp(name) {
      const value = Object.hasOwn(variables, name) ? (variables[name] ?? null) : null;
      read.set(name, value);
      return value;
    },
  };
  const value = isPresent(evaluate(expression, evaluator));
  const reason = [...read].map(([name, text]) => describe(name, text)).join(', ');
  return { value, reason: reason === '' ? 'no variable is involved' : reason };
}

interface Evaluator {
  lookUp(name: string): string | null;
}

type Value = string | boolean | null | PatternValue;

type PatternValue = Extract<IfExpression, { kind: 'pattern' }>;

function evaluate(expression: IfExpression, evaluator: Evaluator): Value {
  switch (expression.kind) {
    case 'variable':
      return evaluator.lookUp(expression.name);
    case 'string':
    case 'boolean':
      return expression.value;
    case 'null':
      return null;
    case 'pattern':
      return expression;
    case 'not':
      return !isPresent(evaluate(expression.operand, evaluator));
    case 'and': {
      const left = evaluate(expression.left, evaluator);
      return isPresent(left) ? evaluate(expression.right, evaluator) : left;
    }
    case 'or': {
      const left = evaluate(expression.left, evaluator);
      return isPresent(left) ? left : evaluate(expression.right, evaluator);
    }
    case 'comparison':
      return compare(expression.operator, evaluate(expression.left, evaluator), evaluate(expression.right, evaluator));
    default:
      return unreachable(expression);
  }
}

function compare(operator: ComparisonOperator, left: Value, right: Value): boolean {
  switch (operator) {
    case '==':
      return areEqual(left, right);
    case '!=':
      return !areEqual(left, right);
    case '=~':
      return matches(left, right);
    case '!~':
      return !matches(left, right);
    default:
      return unreachable(operator);
  }
}

/** A boolean equals the text of the same spelling; unset equals only `null`. */
function areEqual(left: Value, right: Value): boolean {
  if (left === null || right === null) return left === right;
  if (typeof left === 'object' || typeof right === 'object') return false;
  return String(left) === String(right);
}

/**
 * An unset right side matches nothing. A right side that is a text without slashes is searched for the left one:
 * a quirk that pipelines rely on.
 */
function matches(left: Value, right: Value): boolean {
  if (right === null || typeof right === 'boolean') return false;
  const text = left === null ? '' : typeof left === 'object' ? left.source : String(left);
  if (typeof right === 'object') return right.pattern.find(text);
  const source = patternSource(right);
  if (source === null) return right.includes(text);
  // A pattern that comes out of a variable may be wrong: it then matches nothing.
  const compiled = compilePattern(source);
  return compiled.ok && compiled.value.find(text);
}

/** Set and not blank; the texts `false` and `0` are present. */
function isPresent(value: Value): boolean {
  if (typeof value === 'string') return value.trim() !== '';
  return value !== null && value !== false;
}

function describe(name: string, value: string | null): string {
  if (value === null) return `${name} is unset`;
  const shown = value.length > shownLength ? `${value.slice(0, shownLength)}…` : value;
  return `${name} = ${JSON.stringify(shown)}`;
}
