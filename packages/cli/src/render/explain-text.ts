import type { Admission, JobPlan, RuleClauseTrace, RuleTrace } from '@xx-pipeline/common';
import { visible } from './ansi.ts';
import { displayWidth, padTo } from './display-width.ts';
import { shellQuote } from './shell-quote.ts';
import { paint, type TextStyle } from './style.ts';

/** A job of the file, in this run or not, with everything that decided about it. */
export interface Explanation {
  readonly name: string;
  readonly stage: string;
  readonly admission: Admission;
  /** null: not in this run. */
  readonly plan: JobPlan | null;
  /** `file:line:column` of the job. */
  readonly place: string;
  /** When its turn comes: `in wave 2: needs "build"`; null when it is not in. */
  readonly turn: string | null;
  /** The stages before its own. */
  readonly earlierStages: readonly string[];
}

/** Why a job is in or out: every rule with its clauses and values, then what it waits for and with what it runs. */
export function renderExplanation(explanation: Explanation, style: TextStyle): string {
  const { name, admission, plan, place, stage } = explanation;
  const verdict = plan === null ? 'is NOT in this run' : 'is in this run';
  const head = `${paint(style, 'bold', visible(name))} ${paint(style, plan === null ? 'yellow' : 'green', verdict)}`;
  const gap = Math.max(3, Math.min(style.columns, 100) - displayWidth(`${visible(name)} ${verdict}`) - place.length);
  const facts: [string, string][] = [
    ['why', admission.rules.length === 0 ? visible(admission.reason) : ''],
    ['stage', visible(stage)],
    ...(plan === null
      ? [['try', suggestion(name, admission.rules) ?? ''] as [string, string]]
      : planFacts(plan, explanation)),
  ];
  return [
    `${head}${' '.repeat(gap)}${paint(style, 'gray', visible(place))}\n`,
    ...ruleLines(admission.rules, style),
    ...verdictLines(explanation),
    ...facts
      .filter(([, value]) => value !== '')
      .map(([key, value]) => `  ${paint(style, 'gray', key.padEnd(9))}  ${value}\n`),
    ...(plan === null ? [] : variableLines(plan, style)),
  ].join('');
}

/** The result of the rules. */
function verdictLines({ admission, plan }: Explanation): string[] {
  const { rules } = admission;
  if (rules.length === 0) {
    return [];
  }
  const matched = rules.find((rule) => rule.outcome === 'matched');
  const came =
    matched === undefined ? 'no rule matched' : `rules[${matched.index}] matched, when: ${visible(matched.when ?? '')}`;
  return [`  ${came} → job ${plan === null ? 'excluded' : 'included'}\n`];
}

/** For a job that is out, the context that might let it in. */
function suggestion(name: string, rules: readonly RuleTrace[]): string | null {
  const text = rules.flatMap((rule) => rule.clauses.map((clause) => clause.text)).join(' ');
  const flag = text.includes('CI_COMMIT_BRANCH')
    ? '--branch main'
    : text.includes('CI_COMMIT_TAG')
      ? '--tag v1.0.0'
      : null;
  return flag === null ? null : `xx explain ${shellQuote(visible(name))} ${flag}`;
}

function ruleLines(rules: readonly RuleTrace[], style: TextStyle): string[] {
  const rows = rules.flatMap((rule) => ruleRows(rule));
  const width = Math.min(60, Math.max(0, ...rows.map((row) => displayWidth(row.left))));
  return rows.map(({ left, result, reason }) => {
    const color = result === 'true' ? 'green' : result === 'false' ? 'red' : 'gray';
    return `  ${padTo(left, width)}  → ${paint(style, color, result.padEnd(5))}  ${reason}`.trimEnd().concat('\n');
  });
}

interface RuleRow {
  readonly left: string;
  readonly result: string;
  readonly reason: string;
}

function ruleRows(rule: RuleTrace): RuleRow[] {
  const label = `rules[${rule.index}]`;
  if (rule.outcome === 'not-reached') {
    return [{ left: label, result: 'not tried', reason: 'an earlier rule decided' }];
  }
  if (rule.clauses.length === 0) {
    return [{ left: `${label} without conditions`, result: 'true', reason: '' }];
  }
  return rule.clauses.map((clause, index) => clauseRow(clause, index === 0 ? label : ' '.repeat(label.length)));
}

const clauseRow = (clause: RuleClauseTrace, label: string): RuleRow => ({
  left: `${label} ${clause.clause}: ${visible(clause.text)}`,
  result: String(clause.result),
  reason: visible(clause.reason),
});

function planFacts(plan: JobPlan, { turn, earlierStages }: Explanation): [string, string][] {
  const facts: [string, string][] = [
    ['starts', visible(turn ?? '')],
    ['needs', needsText(plan, earlierStages)],
    ['artifacts', plan.artifactsFrom.length === 0 ? '' : `from ${names(plan.artifactsFrom)}`],
    ['when', plan.when === 'delayed' ? `delayed by ${plan.startIn ?? 0} s` : plan.when],
    ['image', visible(plan.image.name)],
    ['failure', failureText(plan)],
    ['retry', plan.retry.max === 0 ? '' : `up to ${plan.retry.max}, on ${plan.retry.when.map(visible).join(', ')}`],
    ['timeout', plan.timeout === null ? '' : `${plan.timeout} s`],
  ];
  return facts;
}

function needsText(plan: JobPlan, earlierStages: readonly string[]): string {
  if (plan.needs !== null) {
    return names(plan.needs.map((need) => need.job)) || 'nothing';
  }
  return earlierStages.length === 0 ? 'nothing' : `every job of ${names(earlierStages)}`;
}

function failureText({ allowFailure }: JobPlan): string {
  if (typeof allowFailure === 'boolean') {
    return allowFailure ? 'allowed' : 'fails the pipeline';
  }
  return `allowed with exit code ${allowFailure.exitCodes.join(', ')}, else fails the pipeline`;
}

function variableLines(plan: JobPlan, style: TextStyle): string[] {
  const entries = Object.entries(plan.variables);
  return entries.map(([name, { value, raw }], index) => {
    const key = (index === 0 ? 'variables' : '').padEnd(9);
    const note = raw === true ? paint(style, 'gray', '  (not expanded)') : '';
    return `  ${paint(style, 'gray', key)}  ${visible(name)}=${JSON.stringify(visible(value))}${note}\n`;
  });
}

const names = (list: readonly string[]): string => list.map(visible).join(', ');

/** The same as data. */
export function explanationData({ name, stage, admission, plan, place, turn }: Explanation): object {
  return {
    name,
    stage,
    in: plan !== null,
    place,
    reason: admission.reason,
    rules: admission.rules,
    ...(plan === null
      ? {}
      : {
          starts: turn,
          needs: plan.needs,
          artifactsFrom: plan.artifactsFrom,
          when: plan.when,
          image: plan.image,
          allowFailure: plan.allowFailure,
          retry: plan.retry,
          timeout: plan.timeout,
          variables: plan.variables,
        }),
  };
}
