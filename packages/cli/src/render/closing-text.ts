import { join } from 'node:path';
import type { JobReport, Report } from '@xx-pipeline/common';
import { visible } from './ansi.ts';
import { type Failure, renderFailures } from './failures-text.ts';
import { nextSteps } from './next-steps.ts';
import type { RunView } from './RunView.ts';
import { paint, type TextStyle } from './style.ts';
import { jobsOf, renderJobTable, renderVerdict } from './summary-text.ts';

const tailLines = 20;

/** The end of a run's display: failures with their last lines, the table, the verdict. */
export function renderClosing(report: Report, view: RunView, style: TextStyle): string {
  const jobs = jobsOf(report);
  const failures = jobs.filter((job) => job.status === 'FAILED').sort(unallowedFirst);
  const parts = [
    failures.length === 0
      ? ''
      : renderFailures(
          failures.map((job) => toFailure(job, view, style)),
          style,
        ),
    renderJobTable(jobs, style),
    `${renderVerdict(report, style)}\n`,
  ];
  return `\n${parts.filter((part) => part !== '').join('\n')}`;
}

/** The place of the report, and commands to continue with. */
export function renderHints(report: Report, directory: string, style: TextStyle): string {
  const steps = nextSteps(report);
  const width = Math.max(0, ...steps.map((step) => step.command.length));
  const lines = [
    `report: ${visible(below(directory, isUrl(directory) ? 'report' : 'report.json'))}`,
    ...steps.map((step, index) => {
      const lead = index === 0 ? 'next:   ' : '        ';
      return `${lead}${step.command.padEnd(width)}  ${paint(style, 'gray', `# ${step.explains}`)}`;
    }),
  ];
  return `${lines.join('\n')}\n`;
}

function toFailure(job: JobReport, view: RunView, style: TextStyle): Failure {
  const seen = view.jobs.get(job.id);
  return {
    job,
    command: seen?.command ?? null,
    tail: seen?.tail.lines(tailLines, style.color) ?? [],
    log: job.log === null || isUrl(view.directory) ? null : join(view.directory, job.log),
  };
}

/** A run on a server has an address instead of a directory, and its logs are read with `xx logs`. */
const isUrl = (directory: string): boolean => /^https?:\/\//.test(directory);

const below = (directory: string, name: string): string =>
  isUrl(directory) ? `${directory}/${name}` : join(directory, name);

const unallowedFirst = (left: JobReport, right: JobReport): number =>
  Number(left.allowFailure) - Number(right.allowFailure);
