import type { AllowFailurePlan, RuleClauseTrace, RuleTrace, Span, VariablePlan, When } from '@xx-pipeline/common';
import { expandKnown } from '../variables/expand-known.ts';
import { evaluateIf } from './evaluate-if.ts';
import { compileGlob, matchExists } from './glob.ts';
import type { IfExpression } from './IfExpression.ts';

/** One rule of a job, workflow or include, checked and parsed. */
export interface RuleInput {
  /** Position in its list, from 0. */
  readonly index: number;
  readonly span?: Span;
  readonly if?: { readonly expression: IfExpression; readonly text: string };
  readonly changes?: { readonly paths: readonly string[] };
  readonly exists?: readonly string[];
  readonly when?: When | 'never';
  readonly startIn?: number;
  readonly allowFailure?: AllowFailurePlan;
  readonly variables?: Readonly<Record<string, VariablePlan>>;
  readonly needs?: readonly unknown[];
}

/** What rules are evaluated on. */
export interface RuleEnvironment {
  /** As written: rules see values before expansion. */
  readonly variables: Readonly<Record<string, string>>;
  /** null when there is nothing to compare with, which makes `changes` true. */
  readonly changedFiles: readonly string[] | null;
  /** Called only when a rule asks for files. */
  listFiles(): readonly string[];
  /** The owner's own `when`, which a rule without one keeps; `on_success` if absent. */
  readonly defaultWhen?: When | 'never';
  /** Answers to `exists` so far; share one map among all rules over the same tree. */
  readonly existsAnswers?: Map<string, boolean>;
}

/** The rule that decided and what was seen on the way. */
export interface RulesDecision<R extends RuleInput> {
  /** null when no rule matched. */
  readonly matched: R | null;
  readonly trace: readonly RuleTrace[];
}

/** More comparisons of paths with globs than this count as a match. */
const maxComparisons = 50_000;

/** Finds the first rule of which every clause holds. */
export function evaluateRules<R extends RuleInput>(
  rules: readonly R[],
  environment: RuleEnvironment,
): RulesDecision<R> {
  let matched: R | null = null;
  const trace = rules.map((rule): RuleTrace => {
    const head = rule.span === undefined ? { index: rule.index } : { index: rule.index, span: rule.span };
    if (matched !== null) return { ...head, clauses: [], outcome: 'not-reached' };
    const clauses = evaluateClauses(rule, environment);
    if (!clauses.every((clause) => clause.result)) return { ...head, clauses, outcome: 'not-matched' };
    matched = rule;
    return { ...head, clauses, outcome: 'matched', when: rule.when ?? environment.defaultWhen ?? 'on_success' };
  });
  return { matched, trace };
}

/** Clauses in the order they are tried; the first that does not hold ends the rule. */
function evaluateClauses(rule: RuleInput, environment: RuleEnvironment): RuleClauseTrace[] {
  const clauses: RuleClauseTrace[] = [];
  if (rule.if !== undefined) {
    const { value, reason } = evaluateIf(rule.if.expression, environment.variables);
    clauses.push({ clause: 'if', text: rule.if.text, result: value, reason });
    if (!value) return clauses;
  }
  if (rule.changes !== undefined) {
    const clause = evaluateChanges(rule.changes.paths, environment);
    clauses.push(clause);
    if (!clause.result) return clauses;
  }
  if (rule.exists !== undefined) clauses.push(evaluateExists(rule.exists, environment));
  return clauses;
}

function evaluateChanges(paths: readonly string[], environment: RuleEnvironment): RuleClauseTrace {
  const clause = (result: boolean, reason: string): RuleClauseTrace => ({
    clause: 'changes',
    text: paths.join(', '),
    result,
    reason,
  });
  const changed = environment.changedFiles;
  if (changed === null) return clause(true, 'there is nothing to compare with');
  if (changed.length === 0) return clause(false, 'nothing has changed');
  if (paths.length * changed.length > maxComparisons) return clause(true, 'too many files have changed to compare');
  for (const path of paths) {
    const matches = compileGlob(expandKnown(path, environment.variables));
    const found = changed.find(matches);
    if (found !== undefined) return clause(true, `${found} has changed`);
  }
  return clause(false, `none of ${changed.length} changed files matches`);
}

function evaluateExists(patterns: readonly string[], environment: RuleEnvironment): RuleClauseTrace {
  const text = patterns.join(', ');
  for (const pattern of patterns) {
    if (exists(expandKnown(pattern, environment.variables), environment)) {
      return { clause: 'exists', text, result: true, reason: `${pattern} exists` };
    }
  }
  return { clause: 'exists', text, result: false, reason: 'no such file' };
}

function exists(pattern: string, environment: RuleEnvironment): boolean {
  const known = environment.existsAnswers?.get(pattern);
  if (known !== undefined) return known;
  const answer = matchExists(pattern, environment.listFiles());
  environment.existsAnswers?.set(pattern, answer);
  return answer;
}
