import type { JobExecution } from '../execution/JobExecution.ts';
import type { PipelineExecution } from '../execution/PipelineExecution.ts';
import { noTimings } from '../jobs/failed-outcome.ts';
import type { JobReport, Report } from './Report.ts';

/** The report of an execution in any state; pure, so the same records always give the same report. */
export function buildReport(execution: PipelineExecution): Report {
  const jobsByStage = Map.groupBy(execution.jobs, (job) => job.stage);
  return {
    schemaVersion: 1,
    id: execution.id,
    pipeline: execution.pipeline,
    repository: execution.source.repository,
    branch: execution.source.branch,
    commit: execution.source.commit,
    dirty: execution.source.dirty,
    runNumber: execution.runNumber,
    trigger: execution.trigger,
    status: execution.status,
    warnings: execution.warnings,
    reason: execution.reason,
    createdAt: execution.createdAt,
    startedAt: execution.startedAt,
    completedAt: execution.completedAt,
    stages: execution.stages.map((stage) => ({
      name: stage.name,
      status: stage.status,
      warnings: stage.warnings,
      startedAt: stage.startedAt,
      completedAt: stage.completedAt,
      jobs: (jobsByStage.get(stage.name) ?? []).map(buildJobReport),
    })),
  };
}

function buildJobReport(job: JobExecution): JobReport {
  const last = job.attempts.at(-1);
  return {
    id: job.id,
    name: job.name,
    status: job.status,
    allowFailure: job.allowFailure,
    failureReason: last?.failureReason ?? null,
    failureMessage: last?.failureMessage ?? null,
    waitingReason: job.waitingReason,
    exitCode: last?.exitCode ?? null,
    image: job.image,
    startedAt: last?.startedAt ?? null,
    completedAt: last?.completedAt ?? null,
    timings: last?.timings ?? noTimings,
    attempts: job.attempts,
    artifacts: last?.artifacts ?? [],
    coverage: null,
    log: last?.log ?? null,
  };
}
