import { statusLook } from '@xx-pipeline/client';
import type { JobReport } from '@xx-pipeline/common';
import { visible } from './ansi.ts';
import { visibleFailure } from './job-text.ts';
import { paint, type TextStyle } from './style.ts';

/** A failed job with the last output of the command that failed. */
export interface Failure {
  readonly job: JobReport;
  /** The command that failed; null if none had started. */
  readonly command: string | null;
  /** Cleaned lines, at most 20. */
  readonly tail: readonly string[];
  /** Path of the whole log; null if it is not on this machine. */
  readonly log: string | null;
}

/** A block per failed job: the failure, the end of the output, the path of the log. */
export function renderFailures(failures: readonly Failure[], style: TextStyle): string {
  return failures.map((failure) => renderFailure(failure, style)).join('\n');
}

function renderFailure({ job, command, tail, log }: Failure, style: TextStyle): string {
  const look = statusLook(job.status, job.allowFailure);
  const last = job.attempts.at(-1);
  const why = last === undefined ? '' : visibleFailure(last);
  const during = command === null ? '' : ` in: ${visible(firstLine(command))}`;
  const head = `${look.sign} ${visible(job.name)} ${look.word}${why === '' ? '' : `, ${why}`}${during}`;
  const lines = [paint(style, look.color, head), ...tail.map((line) => `  ${paint(style, 'gray', '│')} ${line}`)];
  if (log !== null) {
    lines.push(`  ${paint(style, 'gray', `whole log: ${visible(log)}`)}`);
  }
  return `${lines.join('\n')}\n`;
}

const firstLine = (text: string): string => {
  const trimmed = text.trim();
  const end = trimmed.indexOf('\n');
  return end === -1 ? trimmed : `${trimmed.slice(0, end)} …`;
};
