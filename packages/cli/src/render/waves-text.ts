import type { ExcludedJob, JobPlan, PipelinePlan } from '@xx-pipeline/common';
import type { Wave, WaveJob } from '@xx-pipeline/pipeline-language';
import { visible } from './ansi.ts';
import { plural } from './run-title.ts';
import { paint, type TextStyle } from './style.ts';
import { renderTable } from './table.ts';

/** The output of `xx dry-run`: the waves in order, each job with its image and, if it has rules, the reason why it is in; then the jobs left out. */
export function renderWaves(plan: PipelinePlan, file: string, waves: readonly Wave[], style: TextStyle): string {
  const jobs = plan.stages.reduce((sum, stage) => sum + stage.jobs.length, 0);
  const order = plan.stages.map((stage) => visible(stage.name)).join(' → ');
  const title = `${visible(file)}: ${plural(jobs, 'job')} in ${plural(plan.stages.length, 'stage')} (${order})`;
  const blocks = [
    `${paint(style, 'bold', title)}\n`,
    ...waves.map((wave, index) => renderWave(wave, index + 1, style)),
    plan.excluded.length === 0 ? '' : renderExcluded(plan.excluded, style),
  ];
  return blocks.filter((block) => block !== '').join('\n');
}

function renderWave(wave: Wave, number: number, style: TextStyle): string {
  const waiting = wave.jobs.every((job) => job.decision === 'wait');
  const title = waiting ? 'never, unless a person acts' : `wave ${number}`;
  const columns = [
    { title: 'job', shrink: true },
    { title: 'stage', shrink: true },
    { title: 'image', shrink: true },
    { title: 'starts', free: true },
  ];
  const rows = wave.jobs.map((each) => [
    visible(each.job.name),
    visible(each.job.stage),
    visible(each.job.image.name),
    startText(each),
  ]);
  const [head = '', ...lines] = renderTable(columns, rows, style.columns - 2);
  return `${paint(style, 'cyan', title)}\n${[paint(style, 'gray', head), ...lines].map((line) => `  ${line}\n`).join('')}`;
}

function startText({ job, decision, reason }: WaveJob): string {
  const marks = [visible(reason)];
  if (decision === 'skip') {
    marks.unshift('not');
  }
  if (job.allowFailure !== false) {
    marks.push('may fail');
  }
  if (job.admission.rules.length > 0) {
    marks.push(`in because ${visible(job.admission.reason)}`);
  }
  return marks.join('; ');
}

function renderExcluded(excluded: readonly ExcludedJob[], style: TextStyle): string {
  const rows = excluded.map((job) => [visible(job.name), visible(job.stage), visible(job.admission.reason)]);
  const columns = [
    { title: 'job', shrink: true },
    { title: 'stage', shrink: true },
    { title: 'out because', free: true },
  ];
  const [head = '', ...lines] = renderTable(columns, rows, style.columns - 2);
  return `${paint(style, 'cyan', 'not in this run')}\n${[paint(style, 'gray', head), ...lines].map((line) => `  ${line}\n`).join('')}`;
}

/** The same as data. */
export function wavesData(plan: PipelinePlan, file: string, waves: readonly Wave[]): object {
  return {
    file,
    pipeline: plan.name,
    stages: plan.stages.map((stage) => ({ name: stage.name, jobs: stage.jobs.map((job) => job.name) })),
    waves: waves.map((wave) => ({ jobs: wave.jobs.map(waveJobData) })),
    excluded: plan.excluded.map((job) => ({ name: job.name, stage: job.stage, reason: job.admission.reason })),
  };
}

function waveJobData({ job, decision, reason }: WaveJob): object {
  return {
    name: job.name,
    stage: job.stage,
    image: job.image.name,
    when: job.when,
    needs: needNames(job),
    allowFailure: job.allowFailure,
    decision,
    startsBecause: reason,
    admittedBecause: job.admission.reason,
  };
}

const needNames = (job: JobPlan): string[] | null => job.needs?.map((need) => need.job) ?? null;
