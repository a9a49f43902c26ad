import { between, formatBytes, formatDuration, jobDuration, statusLook } from '@xx-pipeline/client';
import type { JobReport, Report } from '@xx-pipeline/common';
import { visible } from './ansi.ts';
import { visibleFailure, visibleReason } from './job-text.ts';
import { paint, type TextStyle } from './style.ts';
import { countJobs, jobsOf, renderJobTable, renderVerdict } from './summary-text.ts';
import { renderTable } from './table.ts';

/** A list of runs, one line each, in the order given. */
export function renderRunList(reports: readonly Report[], style: TextStyle): string {
  if (reports.length === 0) {
    return 'no runs\n';
  }
  const looks = reports.map((report) => statusLook(report.status, report.warnings));
  const columns = [
    { title: '  status' },
    { title: 'run', shrink: true },
    { title: 'branch', shrink: true },
    { title: 'commit' },
    { title: 'started' },
    { title: 'duration', right: true },
    { title: 'jobs', free: true },
  ];
  const rows = reports.map((report, index) => {
    const took = between(report.startedAt, report.completedAt);
    return [
      `${looks[index]?.sign} ${looks[index]?.word}`,
      `${visible(report.pipeline)} #${report.runNumber}`,
      visible(report.branch ?? ''),
      commitText(report),
      timeText(report.startedAt ?? report.createdAt),
      took === null ? '' : formatDuration(took),
      countJobs(jobsOf(report)),
    ];
  });
  const [head = '', ...lines] = renderTable(columns, rows, style.columns);
  return `${[paint(style, 'gray', head), ...lines.map((line, index) => paintLabel(line, looks[index], style))].join('\n')}\n`;
}

/** One run: result, source, times, every job. */
export function renderReport(report: Report, directory: string | null, style: TextStyle): string {
  const source = [visible(report.repository), visible(report.branch ?? ''), commitText(report)].filter(
    (part) => part !== '',
  );
  const facts = [
    ['source', source.join(' · ')],
    ['trigger', visible(report.trigger)],
    ['created', timeText(report.createdAt) === timeText(report.startedAt) ? '' : timeText(report.createdAt)],
    ['started', timeText(report.startedAt)],
    ['completed', timeText(report.completedAt)],
    ['files', directory === null ? '' : visible(directory)],
  ] as const;
  const stages = report.stages.map((stage) => {
    const look = statusLook(stage.status, stage.warnings);
    return `${visible(stage.name)} ${paint(style, look.color, `${look.sign} ${look.word}`)}`;
  });
  return [
    `${renderVerdict(report, style)}\n`,
    factLines([...facts, ['stages', stages.join(' → ')]], style),
    '\n',
    renderJobTable(jobsOf(report), style),
  ].join('');
}

/** One job of a run, without its log: image, times by phase, attempts, artifacts. */
export function renderJob(job: JobReport, stage: string, report: Report, style: TextStyle): string {
  const look = statusLook(job.status, job.allowFailure);
  const last = job.attempts.at(-1);
  const { queue, pull, prepare, script, artifacts } = job.timings;
  const phases = Object.entries({ queue, pull, prepare, script, artifacts })
    .filter(([, ms]) => ms >= 50)
    .map(([name, ms]) => `${name} ${formatDuration(ms)}`);
  const reason =
    job.status === 'FAILED' && last !== undefined ? visibleFailure(last) : visibleReason(job.waitingReason ?? '');
  const head = `${visible(job.name)}: ${look.sign} ${look.word}${reason === '' ? '' : `, ${reason}`}`;
  const attempts =
    job.attempts.length < 2 ? [] : job.attempts.map((attempt) => attemptText(attempt.number, job, style));
  return [
    `${paint(style, look.color, head)}\n`,
    factLines(
      [
        ['run', `${visible(report.pipeline)} #${report.runNumber}`],
        ['stage', visible(stage)],
        ['image', visible(job.image)],
        ['started', timeText(job.startedAt)],
        ['duration', jobDuration(job)],
        ['phases', phases.join(' · ')],
        ...attempts.map((text, index): [string, string] => [index === 0 ? 'attempts' : '', text]),
        ...job.artifacts.map((artifact, index): [string, string] => [
          index === 0 ? 'artifacts' : '',
          `${visible(artifact.name)} (${formatBytes(artifact.size)}) ${visible(artifact.path)}`,
        ]),
        ['log', visible(job.log ?? '')],
      ],
      style,
    ),
  ].join('');
}

function attemptText(number: number, job: JobReport, style: TextStyle): string {
  const attempt = job.attempts[number - 1];
  if (attempt === undefined) {
    return '';
  }
  const look = statusLook(attempt.status, false);
  const took = between(attempt.startedAt, attempt.completedAt);
  const why = attempt.status === 'FAILED' ? visibleFailure(attempt) : '';
  const parts = [
    `${number} ${paint(style, look.color, `${look.sign} ${look.word}`)}`,
    took === null ? '' : formatDuration(took),
    why,
  ];
  return parts.filter((part) => part !== '').join(' · ');
}

function factLines(facts: readonly (readonly [string, string])[], style: TextStyle): string {
  return facts
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `  ${paint(style, 'gray', name.padEnd(9))}  ${value}\n`)
    .join('');
}

function commitText(report: Report): string {
  return report.commit === null ? '' : `${visible(report.commit.slice(0, 7))}${report.dirty ? '+' : ''}`;
}

/** To the second, in UTC, so that it reads the same everywhere. */
const timeText = (time: string | null): string =>
  time === null ? '' : visible(`${time.slice(0, 19).replace('T', ' ')}Z`);

function paintLabel(line: string, look: ReturnType<typeof statusLook> | undefined, style: TextStyle): string {
  if (look === undefined) {
    return line;
  }
  const label = `${look.sign} ${look.word}`;
  return paint(style, look.color, label) + line.slice(label.length);
}
