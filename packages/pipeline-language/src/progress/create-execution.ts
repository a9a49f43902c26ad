import type { IdSource, PipelineExecution, PipelinePlan, Principal, SourceInfo } from '@xx-pipeline/common';

/** The facts of a new execution besides its plan. Times are ISO 8601. */
export interface ExecutionFacts {
  readonly id: string;
  readonly pipelineName: string;
  readonly source: SourceInfo;
  readonly runNumber: number;
  readonly trigger: string;
  readonly createdBy: Principal;
  readonly createdAt: string;
  /** Gives each job its id. */
  readonly ids: IdSource;
}

/** Makes the record of a pipeline of which nothing has happened yet. */
export function createPipelineExecution(plan: PipelinePlan, facts: ExecutionFacts): PipelineExecution {
  return {
    id: facts.id,
    pipeline: facts.pipelineName,
    source: facts.source,
    runNumber: facts.runNumber,
    trigger: facts.trigger,
    status: 'CREATED',
    warnings: false,
    reason: null,
    createdBy: facts.createdBy,
    cancellation: null,
    lastRetry: null,
    createdAt: facts.createdAt,
    startedAt: null,
    completedAt: null,
    stages: plan.stages.map(({ name }) => ({
      name,
      status: 'CREATED',
      warnings: false,
      startedAt: null,
      completedAt: null,
    })),
    jobs: plan.stages.flatMap((stage) =>
      stage.jobs.map((job) => ({
        id: facts.ids.next(),
        name: job.name,
        stage: stage.name,
        status: 'CREATED' as const,
        allowFailure: false,
        waitingReason: null,
        image: job.image.name,
        eligibleAt: null,
        notBefore: null,
        lastAction: null,
        attempts: [],
      })),
    ),
  };
}
