import { AttemptAccess } from './AttemptAccess.ts';
import { ExecutionChanges } from './ExecutionChanges.ts';
import type { ExecutionParts } from './execution-parts.ts';
import { JobExecutionService } from './JobExecutionService.ts';
import { JobQueries } from './JobQueries.ts';
import { PipelineExecutionService } from './PipelineExecutionService.ts';
import { StageExecutionService } from './StageExecutionService.ts';

/** The services of executions. */
export interface ExecutionServices {
  readonly pipelines: PipelineExecutionService;
  readonly stages: StageExecutionService;
  readonly jobs: JobExecutionService;
  readonly queries: JobQueries;
  readonly access: AttemptAccess;
  /** Decisions under an execution's lock, for the scheduler. */
  readonly changes: ExecutionChanges;
}

/** Composes the services of executions. */
export function createExecutionServices(parts: ExecutionParts): ExecutionServices {
  const changes = new ExecutionChanges(parts);
  const stages = new StageExecutionService();
  return {
    stages,
    changes,
    pipelines: new PipelineExecutionService(parts, changes, stages),
    jobs: new JobExecutionService(parts, changes, stages),
    queries: new JobQueries(changes, parts),
    access: new AttemptAccess(changes),
  };
}
