import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeLogFrame } from '@xx-pipeline/common/api';
import { job, problemOf, textOf, withBackend } from './BackendRig.ts';

const framed = (offset: number, text: string, stream: 'stdout' | 'stderr' = 'stdout') => ({
  offset,
  frames: Buffer.concat(encodeLogFrame({ stream, at: 1000, bytes: Buffer.from(text) })).toString('base64'),
});

test(
  'one call tells a short job whole: that it began, its log, its end; the same call again is known',
  withBackend(async (rig) => {
    await rig.run(job('a', { script: ['x'] }));
    const worker = await rig.registerWorker();
    const taken = await worker.take();
    const last = {
      status: 'FAILED',
      exitCode: 3,
      failureReason: 'script_failure',
      log: framed(0, 'oh\n', 'stderr'),
    } as const;
    await worker.tell(taken, last);
    await worker.tell(taken, last);
    const { jobId } = taken;
    const { body } = await rig.person.getJob({ params: { jobId } });
    const [attempt, ...others] = body.attempts;
    assert.deepEqual([body.status, attempt?.status, attempt?.exitCode, others], ['FAILED', 'FAILED', 3, []]);
    assert.notEqual(attempt?.startedAt, null);
    const log = await rig.person.readLog({ params: { jobId }, query: { offset: 0 } });
    assert.equal(await textOf(log.body), 'oh\n');
    const events = await Array.fromAsync((await rig.person.followLog({ params: { jobId } })).body);
    assert.equal((JSON.parse(events[0]?.data ?? '') as { stream: string }).stream, 'stderr');
  }),
);

test(
  'a log that comes with a status goes on where the log ends, and is refused whole where bytes are missing',
  withBackend(async (rig) => {
    const { worker, taken } = await rig.startJob();
    const { jobId, attempt, token } = taken;
    const append = { params: { jobId }, query: { offset: 0, attempt }, body: Buffer.from('one ') };
    await rig.worker.appendLog(append, { token });
    const gap = await problemOf(worker.tell(taken, { status: 'SUCCESS', log: framed(6, 'o') }));
    assert.deepEqual([gap.status, gap.code, gap.nextOffset], [416, 'offset_gap', 4]);
    const broken = { offset: 4, frames: Buffer.from('no frames').toString('base64') };
    assert.equal((await problemOf(worker.tell(taken, { status: 'SUCCESS', log: broken }))).code, 'bad_request');
    assert.equal((await rig.person.getJobStatus({ params: { jobId } })).body.status, 'RUNNING');
    await worker.tell(taken, { status: 'SUCCESS', log: framed(2, 'e two') });
    const log = await rig.person.readLog({ params: { jobId }, query: { offset: 0 } });
    assert.equal(await textOf(log.body), 'one two');
  }),
);

test(
  "no job's token writes another one's log, nor an older attempt's token any",
  withBackend(async (rig) => {
    await rig.run(job('a'), job('b'));
    const worker = await rig.registerWorker();
    const [one, other] = [await worker.start(), await worker.start()];
    const forged = { ...one, token: other.token };
    assert.equal((await problemOf(worker.tell(forged, { status: 'SUCCESS', log: framed(0, 'x') }))).code, 'forbidden');
    await worker.tell(one, { status: 'SUCCESS' });
    const late = worker.tell(one, { status: 'FAILED', log: framed(0, 'late') });
    assert.equal((await problemOf(late)).code, 'stale_attempt');
    const log = await rig.person.readLog({ params: { jobId: one.jobId }, query: { offset: 0 } });
    assert.equal(await textOf(log.body), '');
  }),
);
