import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isoTime, type JobOutcome, type PipelineExecution } from '@xx-pipeline/common';
import {
  applyDecisions,
  attemptFinished,
  attemptStarted,
  createPipelineExecution,
  indexPlan,
  nextJobs,
  pipelineCanceled,
} from '@xx-pipeline/pipeline-language';
import { jobOutcome } from '@xx-pipeline/testing';
import fc from 'fast-check';
import { LiveExecution } from '../../src/local/LiveExecution.ts';
import { planOf } from './LocalRunRig.ts';

const plan = planOf(`
stages: [a, b, c]
a1: { stage: a, script: [x], retry: 1 }
a2: { stage: a, script: [x], allow_failure: true }
b1: { stage: b, script: [x] }
b2: { stage: b, script: [x], needs: [a1] }
gate: { stage: b, script: [x], when: manual }
c1: { stage: c, script: [x], when: always }
c2: { stage: c, script: [x], when: on_failure }`);
const index = indexPlan(plan);

test('changing one job at a time comes to the same as changing the whole record', () => {
  const step = fc.record({
    pick: fc.nat(),
    status: fc.constantFrom<JobOutcome['status']>('SUCCESS', 'FAILED', 'CANCELED'),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), fc.boolean(), (steps, cancels) => {
      let ids = 0;
      let whole: PipelineExecution = createPipelineExecution(plan, {
        id: 'run',
        pipelineName: 'demo',
        source: { repository: 'r', branch: null, commit: null, dirty: false },
        runNumber: 1,
        trigger: 'local',
        createdAt: isoTime(0),
        ids: { next: () => `job-${ids++}` },
      });
      const live = new LiveExecution(whole);
      let time = 0;
      const both = (jobId: string, at: string, change: (execution: PipelineExecution) => PipelineExecution) => {
        whole = change(whole);
        live.change(jobId, at, change);
        assert.deepEqual(live.snapshot(), whole);
      };
      for (const { pick, status } of steps) {
        const at = isoTime(++time);
        const named = new Map(whole.jobs.map((job) => [job.name, job]));
        for (const decision of nextJobs(plan, (name) => named.get(name) ?? assert.fail())) {
          both(named.get(decision.job.name)?.id ?? '', at, (execution) => applyDecisions(execution, [decision], at));
        }
        const active = whole.jobs.filter((job) => job.status === 'PENDING' || job.status === 'RUNNING');
        const job = active[pick % Math.max(1, active.length)];
        if (job === undefined) break;
        if (job.status === 'PENDING')
          both(job.id, at, (execution) => attemptStarted(execution, job.id, { at, image: 'i' }));
        else
          both(job.id, at, (execution) =>
            attemptFinished(execution, index, job.id, jobOutcome(status), { at, log: 'l' }),
          );
      }
      if (!cancels) return;
      const at = isoTime(++time);
      live.setFacts({ reason: 'stopped' });
      whole = pipelineCanceled(whole, 'stopped', at);
      for (const { id } of whole.jobs) live.change(id, at, (execution) => pipelineCanceled(execution, 'stopped', at));
      assert.deepEqual(live.snapshot().jobs, whole.jobs);
      assert.equal(live.snapshot().status, whole.status);
    }),
  );
});
