import type { ImagePlan } from '../plan/JobPlan.ts';
import type { SourceRequest } from './JobRequest.ts';

/** A job that a worker may get soon: enough to make its container ready. Nothing is promised by it. */
export interface UpcomingJob {
  readonly jobId: string;
  readonly jobName: string;
  readonly pipelineExecutionId: string;
  /** The attempt it would be. */
  readonly attempt: number;
  readonly image: ImagePlan;
  readonly source: SourceRequest;
  /** Jobs under way, or upcoming themselves, that are certain to have ended before it runs. */
  readonly after: readonly string[];
}
