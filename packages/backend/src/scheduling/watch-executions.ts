import type { PipelineExecutionService } from '../execution/PipelineExecutionService.ts';
import type { ExecutionStore } from '../store/ExecutionStore.ts';

/**
 * Looks at every live run for something that is due and was not done: none is ever found, unless a release before
 * this one has left it behind. Gives how many were moved.
 */
export async function watchExecutions(
  store: ExecutionStore,
  pipelines: PipelineExecutionService,
  signal: AbortSignal,
): Promise<number> {
  let moved = 0;
  for (const id of await store.liveExecutions()) {
    if (signal.aborted) break;
    if (await pipelines.resume(id)) moved++;
  }
  return moved;
}
