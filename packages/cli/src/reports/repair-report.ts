import { isoTime, isTerminal, type JobReport, type Report, type StageReport } from '@xx-pipeline/common';
import { rollUp } from '@xx-pipeline/pipeline-language';
import type { ProcessIdentity } from '@xx-pipeline/worker/process';

/** The content of the marker file beside the reports: a run under way. */
export interface UnfinishedRun {
  readonly owner: ProcessIdentity;
  readonly directory: string;
  readonly id: string;
  readonly pipeline: string;
  readonly repository: string;
  readonly runNumber: number;
  readonly createdAt: string;
}

/**
 * Returns the final report of a run whose process was killed: what ran FAILED, what had not begun is CANCELED, the
 * pipeline FAILED with the reason. A report that was already final is returned as it is. `at`: the last time the process
 * wrote something, ms.
 */
export function repairReport(run: UnfinishedRun, report: Report | null, at: number): Report {
  const reason = `the xx process that ran it (${run.owner.pid}) ended before it could finish`;
  const completedAt = isoTime(at);
  if (report === null) return emptyReport(run, reason, completedAt);
  if (report.completedAt !== null) return report;
  const stages = report.stages.map((stage) => repairStage(stage, reason, completedAt));
  return { ...report, status: 'FAILED', reason, completedAt, stages };
}

function repairStage(stage: StageReport, reason: string, completedAt: string): StageReport {
  if (isTerminal(stage.status)) return stage;
  const jobs = stage.jobs.map((job) => repairJob(job, reason, completedAt));
  if (jobs.every((job, index) => job === stage.jobs[index])) return stage;
  return { ...stage, ...rollUp(jobs), jobs, completedAt: stage.startedAt === null ? null : completedAt };
}

function repairJob(job: JobReport, reason: string, completedAt: string): JobReport {
  if (isTerminal(job.status) || job.status === 'MANUAL') return job;
  if (job.status !== 'RUNNING') return { ...job, status: 'CANCELED', waitingReason: reason };
  const last = job.attempts.at(-1);
  const failed = { status: 'FAILED', failureReason: 'worker_lost', failureMessage: reason, completedAt } as const;
  return {
    ...job,
    ...failed,
    allowFailure: false,
    attempts: last === undefined ? [] : [...job.attempts.slice(0, -1), { ...last, ...failed }],
  };
}

function emptyReport(run: UnfinishedRun, reason: string, completedAt: string): Report {
  return {
    schemaVersion: 1,
    id: run.id,
    pipeline: run.pipeline,
    repository: run.repository,
    branch: null,
    commit: null,
    dirty: false,
    runNumber: run.runNumber,
    trigger: 'local',
    status: 'FAILED',
    warnings: false,
    reason,
    createdAt: run.createdAt,
    startedAt: null,
    completedAt,
    stages: [],
  };
}
