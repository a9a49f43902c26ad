import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callEngine } from '../packages/cli/src/setup/engine-api.ts';
import { listContainersOf } from './rig/list-leftovers.ts';
import { Rig } from './rig/Rig.ts';

test('after 200 jobs, ten of them killed mid-way, nothing is left', { timeout: 170_000 }, async () => {
  await using rig = await Rig.make({
    '.gitlab-ci.yml': `
image: busybox:latest
quick: {parallel: 190, script: ["true"]}
victim: {parallel: 10, allow_failure: true, script: ['echo "victim"', sleep 600]}
`,
  });
  const run = rig.start(['run', '--local', '-j', '12']);
  let killed = 0;
  const ended = run.ended();
  let over = false;
  void ended.then(() => {
    over = true;
  });
  // Each victim is killed behind the back of its runner, once it sleeps.
  const seen = new Set<string>();
  while (!over && killed < 10) {
    await run.printedMore();
    for (const container of await listContainersOf(run.pid)) {
      if (seen.has(container.id) || !(await isAsleep(container.id))) continue;
      seen.add(container.id);
      await engine('POST', `/containers/${container.id}/kill`);
      killed++;
    }
  }
  const { code, stderr } = await ended;
  assert.equal(killed, 10);
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
