import { isTerminal } from '@xx-pipeline/common';
import type { ExecutionDraft } from './ExecutionDraft.ts';
import type { JobSteps, PipelineSteps, StageSteps } from './execution-steps.ts';

/** What a stage has to do with others: known lazily, because they know it. */
export interface StageNeighbours {
  readonly jobs: () => JobSteps;
  readonly pipelines: () => PipelineSteps;
}

/**
 * What follows from one job for the stages and jobs behind it. Works on a draft, inside the change that its caller makes:
 *
 *   executeFirstStage --> executeNextStage --> executeJobsForStage
 *                              ^                       (a job ends)
 *                              '--- finalizeStageExecution <--'
 *                                            '--> finalizePipelineExecution
 */
export class StageExecutionService implements StageSteps {
  readonly #neighbours: StageNeighbours;

  constructor(neighbours: StageNeighbours) {
    this.#neighbours = neighbours;
  }

  /** Begins a run: the jobs that wait for nothing, which are those of the first stage and those that need nothing. */
  executeFirstStage(draft: ExecutionDraft): void {
    this.executeNextStage(draft);
    if (isTerminal(draft.head.status)) this.#neighbours.pipelines().finalizePipelineExecution(draft);
  }

  /** Starts, skips or holds the jobs whose turn has come: of the next stage, and of later ones whose needs are done. */
  executeNextStage(draft: ExecutionDraft): void {
    if (draft.isEnding) return;
    for (const [stage, decisions] of Map.groupBy(draft.decide(), ({ job }) => job.stage)) {
      this.#neighbours.jobs().executeJobsForStage(draft, stage, decisions);
    }
  }

  /** A job of this stage has ended: what comes next, or the end of the run. */
  finalizeStageExecution(draft: ExecutionDraft): void {
    this.executeNextStage(draft);
    if (isTerminal(draft.head.status)) this.#neighbours.pipelines().finalizePipelineExecution(draft);
  }
}
