import { isTerminal, type JobExecution, type PipelineExecution } from '@xx-pipeline/common';
import type { MetricsRegistry } from '@xx-pipeline/service';
import type { ExecutionEvent, ExecutionStore } from '../store/ExecutionStore.ts';
import type { WorkerStore } from '../store/WorkerStore.ts';

const secondsBounds = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 10, 30, 60, 300, 1800];
const countAtMost = 10_000;

/** The same `change`; what its changes mean for jobs is counted once they are written. */
export function observeChanges(
  store: ExecutionStore,
  workers: Pick<WorkerStore, 'list'>,
  registry: MetricsRegistry,
): ExecutionStore['change'] {
  const observe = attemptObserver(registry);
  registry.gauge('xx_jobs', 'Jobs that wait for a worker (counted up to 10000) or have one.', async () => {
    const [pending, all] = await Promise.all([store.pendingJobs(countAtMost), workers.list()]);
    return [
      [{ status: 'PENDING' }, pending.length],
      [{ status: 'RUNNING' }, all.reduce((sum, { busy }) => sum + busy, 0)],
    ];
  });
  registry.gauge('xx_workers', 'Registered workers.', async () => [[{}, (await workers.list()).length]]);

  return async (executionId, decide) => {
    let events: readonly ExecutionEvent[] = [];
    let before: PipelineExecution | null = null;
    const result = await store.change(executionId, (current) => {
      const change = decide(current);
      before = current.execution;
      events = change?.events ?? [];
      return change;
    });
    for (const { type, data } of events) if (type === 'job-changed') observe(before, data as JobExecution);
    return result;
  };
}

function attemptObserver(registry: MetricsRegistry) {
  const started = registry.histogram('xx_job_start_seconds', 'From ready to started, per attempt.', secondsBounds);
  const finished = registry.counter('xx_job_attempts_total', 'Attempts that ended, by status and reason.');
  return (before: PipelineExecution | null, job: JobExecution): void => {
    const attempt = job.attempts.at(-1);
    if (attempt === undefined) return;
    const known = before?.jobs.find(({ id }) => id === job.id)?.attempts.at(-1);
    if (known?.number === attempt.number && known.status === attempt.status) return;
    if (attempt.status === 'RUNNING' && attempt.startedAt !== null && job.eligibleAt !== null) {
      started.observe(Math.max(0, Date.parse(attempt.startedAt) - Date.parse(job.eligibleAt)) / 1000);
    }
    if (isTerminal(attempt.status)) {
      finished.add(1, { status: attempt.status, reason: attempt.failureReason ?? '' });
    }
  };
}
