import type { JobDecision } from '@xx-pipeline/pipeline-language';
import type { ExecutionDraft } from './ExecutionDraft.ts';

// How the services call each other: every step works on one draft, inside the change that its first caller makes.

/** Steps of a whole run. */
export interface PipelineSteps {
  finalizePipelineExecution(draft: ExecutionDraft): void;
}

/** Steps from one stage to the next. */
export interface StageSteps {
  executeFirstStage(draft: ExecutionDraft): void;
  executeNextStage(draft: ExecutionDraft): void;
  finalizeStageExecution(draft: ExecutionDraft): void;
}

/** Steps of the jobs of one stage. */
export interface JobSteps {
  executeJobsForStage(draft: ExecutionDraft, stage: string, decisions: readonly JobDecision[]): void;
}
