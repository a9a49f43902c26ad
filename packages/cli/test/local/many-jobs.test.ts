import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LocalRunRig } from './LocalRunRig.ts';

/** Ten stages, the jobs of every other one with needs. */
function pipelineOf(jobs: number): string {
  const stages = Array.from({ length: 10 }, (_, stage) => `s${stage}`);
  const lines = Array.from({ length: jobs }, (_, job) => {
    const stage = Math.floor((job * 10) / jobs);
    const needs = stage % 2 === 1 ? `, needs: [j${job - Math.floor(jobs / 10)}]` : '';
    return `j${job}: { stage: s${stage}, script: [print hello]${needs} }`;
  });
  return [`stages: [${stages.join(', ')}]`, ...lines].join('\n');
}

async function cpuMsOf(jobs: number): Promise<number> {
  await using rig = await LocalRunRig.create();
  const before = process.cpuUsage();
  const { execution } = await rig.run(pipelineOf(jobs), { emit: () => {} });
  const { user, system } = process.cpuUsage(before);
  assert.equal(execution.status, 'SUCCESS');
  assert.equal(execution.jobs.length, jobs);
  return (user + system) / 1000;
}

test('ten times the jobs cost about ten times the work', async () => {
  await cpuMsOf(200);
  const small = await cpuMsOf(400);
  const large = await cpuMsOf(4000);
  // Quadratic work would make it a hundredfold.
  assert.ok(large < small * 25, `400 jobs: ${small.toFixed(0)} ms, 4000 jobs: ${large.toFixed(0)} ms of processor`);
});
