import { ExecutionChanges } from './ExecutionChanges.ts';
import type { ExecutionParts } from './execution-parts.ts';
import { JobExecutionService } from './JobExecutionService.ts';
import { PipelineExecutionService } from './PipelineExecutionService.ts';
import { StageExecutionService } from './StageExecutionService.ts';

/** The services of executions, knowing each other. */
export interface ExecutionServices {
  readonly pipelines: PipelineExecutionService;
  readonly stages: StageExecutionService;
  readonly jobs: JobExecutionService;
  /** Decisions under an execution's lock, for the scheduler. */
  readonly changes: ExecutionChanges;
}

/** Composes the services of executions. */
export function createExecutionServices(parts: ExecutionParts): ExecutionServices {
  const changes = new ExecutionChanges(parts);
  const jobs: JobExecutionService = new JobExecutionService(parts, changes, () => stages);
  const pipelines: PipelineExecutionService = new PipelineExecutionService(parts, changes, () => stages);
  const stages: StageExecutionService = new StageExecutionService({ jobs: () => jobs, pipelines: () => pipelines });
  return { pipelines, stages, jobs, changes };
}
