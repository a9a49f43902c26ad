import type { JobRequest, Result } from '@xx-pipeline/common';
import type { pollSchema, Problem } from '@xx-pipeline/common/api';
import type { z } from 'zod';

/** Gives pending jobs to workers. */
export declare class JobScheduler {
  /** The long poll: jobs for a worker as soon as there are some, an empty list when the time is over. Counts as a sign of life. */
  takeJobsFor(poll: z.infer<typeof pollSchema>, signal: AbortSignal): Promise<Result<JobRequest[], Problem>>;
}
