import type { JobReport, Report } from '@xx-pipeline/common';
import { visible } from './ansi.ts';
import { shellQuote } from './shell-quote.ts';
import { jobsOf } from './summary-text.ts';

/** Up to three commands that are useful after this run, with its names in them. */
export function nextSteps(report: Report): { command: string; explains: string }[] {
  return report.trigger === 'local' ? localSteps(report) : remoteSteps(report);
}

function localSteps(report: Report): { command: string; explains: string }[] {
  const jobs = jobsOf(report);
  const failed = firstFailed(jobs);
  const manual = jobs.find((job) => job.status === 'MANUAL');
  const skipped = jobs.find((job) => job.status === 'SKIPPED');
  const show = `xx report --local --pipeline ${quoted(report.pipeline)} --run ${report.runNumber}`;
  const steps: { command: string; explains: string }[] = [];
  if (failed !== undefined) {
    steps.push({ command: `${show} --job ${quoted(failed.name)}`, explains: 'show the whole log' });
    steps.push({
      command: `xx run --local --job ${quoted(failed.name)}`,
      explains: 'run only this job again',
    });
  }
  if (manual !== undefined) {
    steps.push({ command: `xx run --local --play ${quoted(manual.name)}`, explains: 'start the manual job too' });
  }
  if (failed === undefined) {
    steps.push({ command: show, explains: 'show this report again' });
  }
  if (failed === undefined && skipped !== undefined && manual === undefined) {
    steps.push({
      command: `xx explain ${quoted(skipped.name)}`,
      explains: 'show why a job is in the run and what it waits for',
    });
  }
  return steps.slice(0, 3);
}

function remoteSteps(report: Report): { command: string; explains: string }[] {
  const id = quoted(report.id);
  const jobs = jobsOf(report);
  const failed = firstFailed(jobs);
  const manual = jobs.find((job) => job.status === 'MANUAL');
  const keeps = jobs.some((job) => job.artifacts.length > 0);
  const steps: { command: string; explains: string }[] = [];
  if (failed !== undefined) {
    steps.push({ command: `xx logs ${id} ${quoted(failed.name)}`, explains: 'show the whole log' });
    steps.push({ command: `xx retry ${id}`, explains: 'retry the failed jobs' });
  }
  if (manual !== undefined) {
    steps.push({ command: `xx play ${id} ${quoted(manual.name)}`, explains: 'start the manual job' });
  }
  if (failed === undefined) steps.push({ command: `xx status ${id}`, explains: 'show this run again' });
  if (failed === undefined && keeps) {
    steps.push({ command: `xx artifacts ${id} --download DIR`, explains: 'download the artifacts' });
  }
  return steps.slice(0, 3);
}

const firstFailed = <T extends JobReport>(jobs: readonly T[]): T | undefined =>
  jobs.find((job) => job.status === 'FAILED' && !job.allowFailure) ?? jobs.find((job) => job.status === 'FAILED');

/** A name as a word of a shell. One with control characters cannot be typed: it is shown with the characters visible. */
const quoted = (name: string): string => shellQuote(visible(name));
