// Two workers share the jobs of one run, and one of them dies.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '@xx-pipeline/testing';
import { Rig } from '../rig/Rig.ts';
import { ServiceRig } from '../rig/ServiceRig.ts';

const env = { XX_HEARTBEAT_SECONDS: '1', XX_LEASE_SECONDS: '4' };

const pipeline = `
image: busybox:latest
share:
  parallel: 20
  retry: {max: 2, when: runner_system_failure}
  script: ['echo "by $CI_RUNNER_DESCRIPTION"', sleep 1]
`;

test('two workers share twenty jobs, and when one is killed the other ends them all', async () => {
  await using rig = await Rig.make({ '.xx-pipeline.yml': pipeline });
  await using services = await ServiceRig.make({ env });
  await services.startBackend();
  await services.startWorker('one', { slots: 2, push: true });
  await services.startWorker('two', { slots: 2 });
  const run = rig.start(['run'], { env: services.clientEnvironment });
  await until('both to have ended a job', () => ['one', 'two'].every((name) => jobsOf(run.stdout, name).ended > 0));
  await until('one to run another', () => jobsOf(run.stdout, 'one').running > 0, 60_000, 5);
  await services.stopWorker('one', 'SIGKILL');
  const { code, stdout, stderr } = await run.ended();
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /✓ success in .* \(20 success\)/);
  const { executions } = (await services.api.listExecutions({})).body;
  const { jobs } = (await services.api.getExecution({ params: { id: executions[0]?.id ?? '' } })).body;
  assert.deepEqual(new Set(jobs.map(({ status }) => status)), new Set(['SUCCESS']));
  const lost = jobs.flatMap(({ attempts }) => attempts.slice(0, -1));
  assert.deepEqual(new Set(lost.map(({ failureReason }) => failureReason)), new Set(['worker_lost']));
  // Leftovers of the killed worker are its own to remove, once the backend has answered its first heartbeat.
  const [killed = ''] = services.workerIds;
  const left = (await services.leftovers()).filter((each) => each.includes(killed));
  await services.startWorker('one', { slots: 2 });
  await until('the restarted worker to have removed its leftovers', async () => {
    const present = new Set(await services.leftovers());
    return left.every((each) => !present.has(each));
  });
});

/** How many jobs that this worker has begun are told to have ended, and how many not. */
function jobsOf(stdout: string, worker: string): { ended: number; running: number } {
  const names = [...stdout.matchAll(new RegExp(`^(share \\d+/20) +│ by ${worker}$`, 'gm'))].map(([, name]) => name);
  const ended = names.filter((name) => new RegExp(`^${name} +✓ success`, 'm').test(stdout)).length;
  return { ended, running: names.length - ended };
}
