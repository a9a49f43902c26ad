import type { ExecutionParts } from './execution-parts.ts';
import { JobExecutionService } from './JobExecutionService.ts';
import { PipelineExecutionService } from './PipelineExecutionService.ts';
import { StageExecutionService } from './StageExecutionService.ts';

/** The services of executions, knowing each other. */
export interface ExecutionServices {
  readonly pipelines: PipelineExecutionService;
  readonly stages: StageExecutionService;
  readonly jobs: JobExecutionService;
}

/** Composes the services of executions. */
export function createExecutionServices(parts: ExecutionParts): ExecutionServices {
  return {
    pipelines: new PipelineExecutionService(parts),
    stages: new StageExecutionService(),
    jobs: new JobExecutionService(parts),
  };
}
