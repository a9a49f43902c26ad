import { isTerminal, type JobExecution, type PipelineExecution } from '@xx-pipeline/common';
import type { MetricsRegistry } from '@xx-pipeline/service';
import type { ChangeListener } from '../execution/ExecutionChanges.ts';
import type { Stores } from '../open-stores.ts';

const secondsBounds = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 10, 30, 60, 300, 1800];
const countAtMost = 10_000;

/** Registers what is measured of jobs; returns the listener that counts what changes mean for them. */
export function observeExecutions(
  { executions, workers }: Pick<Stores, 'executions' | 'workers'>,
  registry: MetricsRegistry,
): ChangeListener {
  const observe = attemptObserver(registry);
  registry.gauge('xx_jobs', 'Jobs that wait for a worker (counted up to 10000) or have one.', async () => {
    const [pending, all] = await Promise.all([executions.pendingJobs(countAtMost), workers.list()]);
    return [
      [{ status: 'PENDING' }, pending.length],
      [{ status: 'RUNNING' }, all.reduce((sum, { busy }) => sum + busy, 0)],
    ];
  });
  registry.gauge('xx_workers', 'Registered workers.', async () => [[{}, (await workers.list()).length]]);

  return (before, events) => {
    for (const { type, data } of events) if (type === 'job-changed') observe(before, data as JobExecution);
  };
}

function attemptObserver(registry: MetricsRegistry) {
  const started = registry.histogram('xx_job_start_seconds', 'From ready to started, per attempt.', secondsBounds);
  const finished = registry.counter('xx_job_attempts_total', 'Attempts that ended, by status and reason.');
  return (before: PipelineExecution, job: JobExecution): void => {
    const attempt = job.attempts.at(-1);
    if (attempt === undefined) return;
    const known = before.jobs.find(({ id }) => id === job.id)?.attempts.at(-1);
    if (known?.number === attempt.number && known.status === attempt.status) return;
    if (attempt.status === 'RUNNING' && attempt.startedAt !== null && job.eligibleAt !== null) {
      started.observe(Math.max(0, Date.parse(attempt.startedAt) - Date.parse(job.eligibleAt)) / 1000);
    }
    if (isTerminal(attempt.status)) {
      finished.add(1, { status: attempt.status, reason: attempt.failureReason ?? '' });
    }
  };
}
