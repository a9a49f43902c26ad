import type { JobRequest } from '@xx-pipeline/common';

/** How the jobs of a run are executed. */
export interface OrderedExecution {
  /** Whether the job has ended by now without running: skipped, or canceled. */
  isOver(request: JobRequest): Promise<boolean>;
  /** Resolves when the job has ended and everybody who decides about others knows. */
  execute(request: JobRequest): Promise<void>;
}

/**
 * Executes jobs, each as soon as those it needs have ended, and all jobs of earlier stages (what a request says about
 * its job's place tells no more). Rejects with the first failure of the machinery, when all have ended.
 */
export async function executeInOrder(requests: readonly JobRequest[], how: OrderedExecution): Promise<void> {
  const ends = new Map<string, Promise<void>>();
  const stages = [...new Set(requests.map((request) => request.stageName))];
  const here = new Set(requests.map((request) => request.jobId));
  const run = async (request: JobRequest): Promise<void> => {
    const stage = stages.indexOf(request.stageName);
    const earlier = requests.filter((other) => stages.indexOf(other.stageName) < stage).map((other) => other.jobId);
    const needed = (request.needs ?? []).map((need) => need.jobId).filter((jobId) => here.has(jobId));
    await Promise.allSettled([...earlier, ...needed].flatMap((jobId) => ends.get(jobId) ?? []));
    if (!(await how.isOver(request))) await how.execute(request);
  };
  // In dependency order, so that the ends of what a job needs are known when it asks for them.
  for (const request of requests)
    ends.set(
      request.jobId,
      Promise.resolve().then(() => run(request)),
    );
  const results = await Promise.allSettled(ends.values());
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
