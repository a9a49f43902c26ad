import { visible } from '../render/ansi.ts';
import { type Paint, paint, type TextStyle } from '../render/style.ts';
import type { CheckReport } from './run-checks.ts';
import type { CheckState } from './SetupCheck.ts';

const marks: Readonly<Record<CheckState, { readonly mark: string; readonly color: Paint }>> = {
  ok: { mark: '✓', color: 'green' },
  warning: { mark: '!', color: 'yellow' },
  missing: { mark: '✗', color: 'red' },
};

/** One check as text: what was found and, where something is wrong, how to mend it. */
export function renderCheck({ check, outcome, fixed }: CheckReport, style: Pick<TextStyle, 'color'>): string {
  const { mark, color } = marks[outcome.state];
  const head = `${paint(style, color, mark)} ${check.title}: ${visible(outcome.found)}${fixed ? ' (mended now)' : ''}\n`;
  return outcome.state === 'ok' ? head : head + renderMend(outcome.mend, '    ');
}

/** Advice, its commands set off. */
export function renderMend(lines: readonly string[], indent: string): string {
  return lines
    .map((line) => `${indent}${line.startsWith('$ ') ? `  ${visible(line.slice(2))}` : visible(line)}\n`)
    .join('');
}

/** The checks as data. */
export function checksAsData(reports: readonly CheckReport[]): object {
  return {
    ok: reports.every(({ outcome }) => outcome.state !== 'missing'),
    checks: reports.map(({ check, outcome, fixed }) => ({
      id: check.id,
      title: check.title,
      state: outcome.state,
      found: outcome.found,
      fixed,
      fixable: outcome.fix !== undefined,
      mend: outcome.mend,
    })),
  };
}
