import type { RunEvent } from '@xx-pipeline/client';
import {
  isTerminal,
  type JobEvent,
  type JobExecution,
  type JobPhase,
  type PipelinePlan,
  unreachable,
} from '@xx-pipeline/common';
import { LogTail } from './LogTail.ts';

/** The current state of one job, for the renderers. */
export interface JobView {
  record: JobExecution;
  /** The phase of the current attempt. */
  phase: JobPhase | null;
  phaseSince: number;
  /** The command that runs, or the one that failed. */
  command: string | null;
  /** The end of that command's output. */
  readonly tail: LogTail;
}

/** A pull of an image, for any number of jobs. */
export interface PullView {
  readonly image: string;
  readonly since: number;
  current: number;
  total: number;
}

/** The current state of a run, updated by its events; of a job's output, only the tail. */
export class RunView {
  plan: PipelinePlan | null = null;
  readonly jobs = new Map<string, JobView>();
  /** Current pulls, by image. */
  readonly pulls = new Map<string, PullView>();
  directory = '';
  title = '';
  /** The image that each job waits for, by job id. */
  readonly #pullOfJob = new Map<string, string>();

  apply(event: RunEvent): void {
    switch (event.type) {
      case 'run-started':
        this.plan = event.plan;
        this.directory = event.directory;
        this.title = `${event.execution.pipeline} #${event.execution.runNumber}`;
        for (const job of event.execution.jobs) {
          this.#record(job);
        }
        return;
      case 'job-changed':
        this.#record(event.job);
        return;
      case 'job-event': {
        const job = this.jobs.get(event.jobId);
        if (job !== undefined) {
          this.#jobEvent(job, event.event);
        }
        return;
      }
      case 'run-finished':
        for (const job of event.execution.jobs) {
          this.#record(job);
        }
        return;
      case 'notice':
        return;
      default:
        unreachable(event);
    }
  }

  #record(record: JobExecution): void {
    const known = this.jobs.get(record.id);
    if (known === undefined) {
      this.jobs.set(record.id, { record, phase: null, phaseSince: 0, command: null, tail: new LogTail() });
      return;
    }
    if (record.attempts.length > known.record.attempts.length) {
      known.command = null;
      known.tail.clear();
    }
    known.record = record;
    if (isTerminal(record.status)) {
      this.#endPull(record.id);
    }
  }

  #jobEvent(job: JobView, event: JobEvent): void {
    switch (event.type) {
      case 'phase':
        job.phase = event.phase;
        job.phaseSince = event.at;
        if (event.phase !== 'pull' && event.phase !== 'dependencies') {
          this.#endPull(job.record.id);
        }
        return;
      case 'command':
        if (job.phase !== 'after_script') {
          job.command = event.text;
          job.tail.clear();
        }
        return;
      case 'pull-progress':
        this.#pullOfJob.set(job.record.id, event.image);
        this.#progress(event.image, event.current, event.total, event.at);
        return;
      case 'log':
        if (event.chunk.stream !== 'runner' && job.phase !== 'after_script') {
          job.tail.append(event.chunk.bytes);
        }
        return;
      case 'finished':
        job.phase = null;
        this.#endPull(job.record.id);
        return;
      case 'warning':
        return;
      default:
        unreachable(event);
    }
  }

  #progress(image: string, current: number, total: number, at: number): void {
    const pull = this.pulls.get(image);
    if (pull === undefined) {
      this.pulls.set(image, { image, since: at, current, total });
    } else {
      pull.current = current;
      pull.total = total;
    }
  }

  #endPull(jobId: string): void {
    const image = this.#pullOfJob.get(jobId);
    if (image !== undefined) {
      this.#pullOfJob.delete(jobId);
      this.pulls.delete(image);
    }
  }
}
