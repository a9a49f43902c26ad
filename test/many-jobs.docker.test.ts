import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callEngine } from '../packages/cli/src/setup/engine-api.ts';
import { listContainersOf } from './rig/list-leftovers.ts';
import { Rig } from './rig/Rig.ts';

test('after 200 jobs, ten of them killed mid-way, nothing is left', { timeout: 170_000 }, async () => {
  await using rig = await Rig.make({
    '.gitlab-ci.yml': `
image: busybox:latest
victim: {parallel: 10, allow_failure: true, script: [echo victim, sleep 600]}
quick: {parallel: 190, script: ["true"]}
`,
  });
  const run = rig.start(['run', '--local', '-j', '16']);
  for (let index = 1; index <= 10; index++) await run.printed(new RegExp(`victim ${index}/10 .*│ victim$`, 'm'));
  // Each victim is killed behind the back of its runner, while the others run.
  const killed = new Set<string>();
  while (killed.size < 10) {
    for (const { id } of await listContainersOf(run.pid)) {
      if (killed.has(id) || !(await isAsleep(id))) continue;
      await engine('POST', `/containers/${id}/kill`);
      killed.add(id);
    }
  }
  const { code, stderr } = await run.ended();
  assert.equal(code, 0, stderr.slice(-2000));
  const report = await rig.report();
  const jobs = report.stages.flatMap((stage) => stage.jobs);
  assert.equal(jobs.length, 200);
  assert.equal(jobs.filter(({ status }) => status === 'SUCCESS').length, 190);
  assert.equal(jobs.filter(({ status, allowFailure }) => status === 'FAILED' && allowFailure).length, 10);
  assert.deepEqual(await rig.leftovers(), []);
});

async function isAsleep(id: string): Promise<boolean> {
  const body = await engine('GET', `/containers/${id}/top`);
  return body.includes('sleep 600');
}

async function engine(method: 'GET' | 'POST', path: string): Promise<string> {
  const answer = await callEngine({ env: process.env, signal: new AbortController().signal }, { method, path });
  if (answer.kind === 'no-answer') throw new Error(answer.message);
  return (await answer.body.toArray()).join('');
}
