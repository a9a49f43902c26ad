// A run that is handed to one worker whole, through kills of everybody. Jobs are scripted, so no engine is needed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JobPlan } from '@xx-pipeline/common';
import { createApiClient, workerRoutes } from '@xx-pipeline/common/api';
import { NodeTransport } from '@xx-pipeline/service/http';
import { until } from '@xx-pipeline/testing';
import { audit, readLog } from '../faults/audit.ts';
import { ServiceRig } from '../rig/ServiceRig.ts';

/** Long enough for a process to start again, short enough to be waited for. */
const env = {
  XX_EXECUTOR: 'scripted',
  XX_HEARTBEAT_SECONDS: '3',
  XX_LEASE_SECONDS: '10',
  XX_ACCEPT_SECONDS: '4',
};

/** Numbered as the audit wants it, and with the name of the worker. */
const lines = (name: string) => ['print on $CI_RUNNER_DESCRIPTION', `print ${name} line 1`];

const job = (name: string, stage: string, special: Partial<JobPlan> = {}) => ({
  name,
  stage,
  image: 'busybox:latest',
  script: [...lines(name), 'sleep 0.5'],
  retry: { max: 2, when: ['runner_system_failure'], exitCodes: [] },
  ...special,
});

const plan = {
  schemaVersion: 1 as const,
  stages: [
    { name: 'build', jobs: ['a', 'b', 'c', 'd'].map((name) => job(name, 'build', { tags: ['nobody has it'] })) },
    // Long, so that the last of them cannot have begun when the worker of the first is killed.
    {
      name: 'test',
      jobs: ['e', 'f', 'g', 'h'].map((name) => job(name, 'test', { script: [...lines(name), 'sleep 5'] })),
    },
    {
      name: 'deploy',
      jobs: [job('early', 'deploy', { needs: [{ job: 'a', artifacts: false }] }), job('z', 'deploy')],
    },
  ],
};

test('a worker executes a run whole, through kills of both sides, and when it is gone for good another goes on', async () => {
  await using rig = await ServiceRig.make({ env });
  await rig.startBackend();
  const body = { pipeline: 'whole', plan };
  const { id } = (await rig.api.createExecution({ body })).body;
  const one = await rig.startWorker('one', { slots: 2, push: true });
  const baseUrl = /"worker started".*"url":"([^"]+)"/.exec(one.stderr)?.[1] ?? '';
  const transport = new NodeTransport({ baseUrl });
  const worker = createApiClient(workerRoutes, { transport, token: rig.workerToken });
  const stranger = { pipelineExecutionId: '00000000-0000-4000-8000-000000000000' };
  await assert.rejects(worker.executePipeline({ body: stranger }), /there is no pipeline execution/);
  const answer = await until('the worker to be registered', () =>
    worker.executePipeline({ body: { pipelineExecutionId: id } }).catch(() => null),
  );
  transport.close();
  assert.equal(answer.body.jobs, 10);
  await rig.startWorker('two', { slots: 4 });

  const jobs = async () => (await rig.api.getExecution({ params: { id } })).body.jobs;
  const named = async (name: string) => (await jobs()).find((each) => each.name === name);
  const begun = (name: string) =>
    until(`${name} to run`, async () => ((await named(name))?.attempts.length ?? 0) > 0 && named(name));
  /** The workers that attempts have run on, by job. */
  const hosts = async () => {
    const found = new Map<string, string[]>();
    for (const { id: jobId, name, attempts } of await jobs()) {
      for (const { number } of attempts) {
        const host = /^on (\w+)$/m.exec(await readLog(rig, jobId, number))?.[1];
        if (host !== undefined) found.set(name, [...(found.get(name) ?? []), host]);
      }
    }
    return found;
  };

  await begun('a');
  await rig.stopBackend('SIGKILL');
  await rig.startBackend();
  await begun('d');
  await rig.stopWorker('one', 'SIGKILL');
  await rig.startWorker('one', { slots: 2, push: true });
  const tested = ['e', 'f', 'g', 'h'];
  await Promise.race(tested.map(begun));
  const before = await hosts();
  assert(before.size >= 4, [...before.keys()].join());
  assert(
    [...before.values()].flat().every((host) => host === 'one'),
    JSON.stringify([...before]),
  );

  await rig.stopWorker('one', 'SIGKILL');
  await until('another worker to go on', async () => {
    const now = await hosts();
    return tested.some((name) => now.get(name)?.includes('two'));
  });
  const execution = await audit(rig, null, id, { status: 'SUCCESS', lines: 1, attempts: 3, artifacts: false });
  const after = await hosts();
  assert.deepEqual(after.get('z'), ['two']);
  // Before its stage, as soon as the job it needs was done.
  const attemptsOf = (name: string) => execution.jobs.find((each) => each.name === name)?.attempts ?? [];
  const early = attemptsOf('early')[0]?.startedAt ?? 'never';
  assert(tested.every((name) => early < (attemptsOf(name).at(-1)?.completedAt ?? '')));
  const lost = execution.jobs.flatMap(({ attempts }) => attempts.filter(({ status }) => status !== 'SUCCESS'));
  assert(
    lost.every(({ failureReason }) => failureReason === 'worker_lost'),
    JSON.stringify(lost),
  );
});
