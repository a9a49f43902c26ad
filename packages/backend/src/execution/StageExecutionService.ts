import { settleRun, startDueJobs } from './draft-steps.ts';
import type { ExecutionDraft } from './ExecutionDraft.ts';

/** Steps from one stage to the next. All of them work on a draft, inside the change that their caller makes. */
export class StageExecutionService {
  /** Begins a run: the jobs of the first stage and those that need nothing; a run without any such job ends at once. */
  executeFirstStage(draft: ExecutionDraft): void {
    settleRun(draft);
  }

  /** Starts, skips or holds the jobs whose turn has come: of the next stage, and of later ones whose needs are done. */
  executeNextStage(draft: ExecutionDraft): void {
    startDueJobs(draft);
  }

  /** Does what follows after jobs of a stage have ended: the next jobs, or the end of the run. */
  finalizeStageExecution(draft: ExecutionDraft): void {
    settleRun(draft);
  }
}
