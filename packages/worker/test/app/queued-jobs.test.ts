import { deepEqual, equal, ok } from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isTransientForWorker } from '@xx-pipeline/common/api';
import { RetryPolicy } from '@xx-pipeline/service/http';
import { jobRequest, ManualClock, until } from '@xx-pipeline/testing';
import { WorkerCommunicationService } from '../../src/app/delivery/WorkerCommunicationService.ts';
import { PipelineExecutionWorkerService } from '../../src/app/PipelineExecutionWorkerService.ts';
import { JobRunner, ScriptedExecutor } from '../../src/execution/index.ts';

const silent = { info: () => {}, warn: () => {}, error: () => {} };

test('a job that its engine keeps in a queue gives its slot to another job, and has one again when it starts', async () => {
  const stateDirectory = await mkdtemp(join(tmpdir(), 'xx-queued-'));
  const clock = new ManualClock();
  const [queued, other] = [randomUUID(), randomUUID()];
  const executor = new ScriptedExecutor({
    clock,
    traits: { queues: true },
    behave: ({ jobId }) => (jobId === queued ? { delay: { queue: 60_000 } } : {}),
  });
  const retries = new RetryPolicy({
    clock,
    isTransient: isTransientForWorker,
    budgetMs: 1000,
    firstMs: 1,
    longestMs: 1,
  });
  const communication = new WorkerCommunicationService({ client: null, clock, scratch: stateDirectory, retries });
  const runner = new JobRunner({ executor, clock, dependencies: communication, artifacts: communication });
  const service = new PipelineExecutionWorkerService({
    runners: { unleased: runner, leased: runner },
    upcoming: null,
    backend: { communication, client: null },
    identity: { workerId: randomUUID(), instanceId: randomUUID(), isHeir: true },
    clock,
    log: silent,
    settings: { slots: 1, stateDirectory, onUnleased: () => {} },
  });
  try {
    await service.loadLeftovers(Promise.resolve());
    service.admitNew();
    const request = (jobId: string) => jobRequest({ jobId, script: ['sleep 10'] });
    ok(service.executeJob(request(queued)).ok);
    equal(service.freeSlots, 0);
    await until('the engine to queue the job', () => service.attempts.find(queued)?.state === 'queued');
    deepEqual(service.attempts.counts(), { running: 0, waiting: 1, undelivered: 0 });
    equal(service.freeSlots, 1);
    ok(service.executeJob(request(other)).ok);
    await until('the other job to run', () => executor.running === 1);
    equal(service.freeSlots, 0);
    await clock.runUntil(service.idle());
    await service.delivered();
    equal(service.freeSlots, 1);
    executor.assertNothingLeft();
  } finally {
    await service.close();
    await rm(stateDirectory, { recursive: true });
  }
});
