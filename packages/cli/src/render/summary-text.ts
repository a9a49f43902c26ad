import { between, formatDuration, jobDuration, statusLook } from '@xx-pipeline/client';
import type { JobReport, Report } from '@xx-pipeline/common';
import { visible } from './ansi.ts';
import { visibleNotes } from './job-text.ts';
import { paint, type TextStyle } from './style.ts';
import { renderTable } from './table.ts';

/** The table of all jobs of a run: status, job, stage, duration, notes. */
export function renderJobTable(jobs: readonly (JobReport & { readonly stage: string })[], style: TextStyle): string {
  const columns = [
    { title: '  status' },
    { title: 'job', shrink: true },
    { title: 'stage', shrink: true },
    { title: 'duration', right: true },
    { title: 'note', free: true },
  ];
  const looks = jobs.map((job) => statusLook(job.status, job.allowFailure));
  const rows = jobs.map((job, index) => [
    `${looks[index]?.sign} ${looks[index]?.word}`,
    visible(job.name),
    visible(job.stage),
    jobDuration(job),
    visibleNotes(job).join(' · '),
  ]);
  const [head = '', ...lines] = renderTable(columns, rows, style.columns);
  const painted = lines.map((line, index) => {
    const look = looks[index];
    const label = `${look?.sign} ${look?.word}`;
    return look === undefined ? line : paint(style, look.color, label) + line.slice(label.length);
  });
  return `${[paint(style, 'gray', head), ...painted].join('\n')}\n`;
}

/** The jobs of a report, each with its stage, in the order of the file. */
export function jobsOf(report: Report): (JobReport & { readonly stage: string })[] {
  return report.stages.flatMap((stage) => stage.jobs.map((job) => ({ ...job, stage: stage.name })));
}

/** One line about a run: name, result, duration, number of jobs by status. */
export function renderVerdict(report: Report, style: Pick<TextStyle, 'color'>): string {
  const look = statusLook(report.status, report.warnings);
  const took = between(report.startedAt, report.completedAt);
  const parts = [
    `${paint(style, 'bold', `${visible(report.pipeline)} #${report.runNumber}`)}: ${paint(style, look.color, `${look.sign} ${look.word}`)}`,
    took === null ? '' : ` in ${formatDuration(took)}`,
    ` (${countJobs(jobsOf(report))})`,
    report.reason === null ? '' : `: ${visible(report.reason)}`,
  ];
  return parts.join('');
}

/** `4 success, 1 failed, 1 failed (allowed)`, in the order of first appearance. */
export function countJobs(jobs: readonly Pick<JobReport, 'status' | 'allowFailure'>[]): string {
  const counts = new Map<string, number>();
  for (const job of jobs) {
    const { word } = statusLook(job.status, job.allowFailure);
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts].map(([word, count]) => `${count} ${word}`).join(', ') || 'no jobs';
}
