import { type Clock, type DependencyState, isTerminal, type JobRequest, orAborted } from '@xx-pipeline/common';
import { ExecutionBroken } from '../../errors.ts';
import { formatDuration } from '../../format.ts';
import type { DependencySource } from '../../ports.ts';
import type { AttemptPhase } from '../AttemptPhase.ts';
import { failed, type JobEnding } from '../JobEnding.ts';

const firstPause = 100;
const longestPause = 5000;
const toleratedErrors = 10;

/** Seconds to wait for dependencies unless the request says otherwise. */
export const defaultDependencyTimeout = 3600;

/** Waits for the jobs that this one needs. */
export const waitForDependencies: AttemptPhase = {
  name: 'dependencies',
  reportedAs: 'dependencies',
  runs: 'until an ending',
  countsForTimeout: false,
  endsItself: true,
  applies: ({ request, outside }) => (request.needs ?? []).length > 0 && outside.begunAt === undefined,
  // The request's own: being late is an ending with a reason of its own.
  limit: () => null,
  run: ({ request, settings }, signal) =>
    checkAndWaitForDependencies(request, settings.dependencies, settings.clock, signal),
};

/**
 * Waits until all that the job needs is done and returns null, or the ending if that will not come:
 * at once when a dependency failed, after the request's timeout otherwise.
 * A source that cannot answer is asked again a few times. Aborting `signal` rejects with its reason.
 */
export async function checkAndWaitForDependencies(
  request: JobRequest,
  source: DependencySource,
  clock: Clock,
  signal: AbortSignal,
): Promise<JobEnding | null> {
  const timeout = (request.dependencyTimeout ?? defaultDependencyTimeout) * 1000;
  const deadline = clock.now() + timeout;
  const tolerated = new Set(
    (request.needs ?? []).filter((need) => need.mustSucceed === false).map((need) => need.jobId),
  );
  const isDone = (state: DependencyState) =>
    state.status === 'SUCCESS' || (isTerminal(state.status) && (state.allowFailure || tolerated.has(state.jobId)));
  let errors = 0;
  for (let pause = firstPause; ; pause = Math.min(pause * 1.5, longestPause)) {
    signal.throwIfAborted();
    let states: readonly DependencyState[] | null = null;
    try {
      states = await orAborted(source.getDependencies(request.jobId), signal);
      errors = 0;
    } catch (error) {
      signal.throwIfAborted();
      errors++;
      if (errors >= toleratedErrors)
        throw new ExecutionBroken('cannot ask how far the needed jobs are', { cause: error });
    }
    const blocking = states?.find((state) => isTerminal(state.status) && !isDone(state));
    if (blocking !== undefined) {
      return failed('dependency_failed', `needed job ${blocking.jobName} is ${blocking.status}`);
    }
    const open = states?.filter((state) => !isDone(state));
    if (open?.length === 0) return null;
    const left = deadline - clock.now();
    if (left <= 0) {
      const names = (open ?? request.needs ?? []).map((job) => job.jobName).join(', ');
      return failed('dependency_timeout', `not done after ${formatDuration(timeout)}: ${names}`);
    }
    await clock.sleep(Math.min(pause, left), signal);
  }
}
