import assert from 'node:assert/strict';
import process from 'node:process';
import { callEngine } from '../../../packages/cli/src/setup/engine-api.ts';
import { readLog } from '../audit.ts';
import type { FaultCase } from '../FaultCase.ts';
import { FaultWorld, patientLease } from '../FaultWorld.ts';
import { fiveJobs } from '../pipelines.ts';

/** A worker's clock is wrong. */
export const wrongClock: FaultCase = {
  number: 10,
  title: "a worker's clock is off by an hour",
  done: 'the worker process sees a time an hour early or late',
  audited: "each job has run once; all times of the record are the backend's",
  async run(random) {
    const off = random.oneOf([3_600_000, -3_600_000]);
    const code = `const now = Date.now; Date.now = () => now() + ${off}; const D = Date; globalThis.Date = class extends D { constructor(...a) { super(...(a.length ? a : [D.now()])); } };`;
    await using world = await FaultWorld.open(patientLease);
    const preload = `--import=data:text/javascript,${encodeURIComponent(code)}`;
    await world.rig.startWorker('one', { env: { NODE_OPTIONS: preload } });
    const before = Date.now();
    const id = await world.submit(fiveJobs({ lines: 100, pause: 0.1 }));
    const { jobs, completedAt } = await world.audit(id, { status: 'SUCCESS', lines: 100 });
    const times = jobs.flatMap(({ attempts }) => attempts.flatMap((each) => [each.startedAt, each.completedAt]));
    for (const time of [...times, completedAt]) {
      const at = Date.parse(time ?? '');
      assert.ok(at >= before - 1000 && at <= Date.now() + 1000, `${time} is not a time of this run`);
    }
    return off > 0 ? 'an hour ahead' : 'an hour behind';
  },
};

/** A job takes more memory than there is. */
export const outOfMemory: FaultCase = {
  number: 12,
  title: 'a container is killed for lack of memory',
  done: "a running container's limit is set to 32 MiB, then the job takes more",
  audited: 'the job is FAILED with exit code 137 and says that memory was the reason, its log is whole up to there',
  async run() {
    await using world = await FaultWorld.open(patientLease);
    await world.rig.startWorker('one');
    const greedy =
      'i=0; while [ $i -lt 20 ]; do i=$((i+1)); echo "a line $i"; done; while [ ! -e go ]; do sleep 0.2; [ "$(cat /sys/fs/cgroup/memory.max 2>/dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes)" != 33554432 ] || touch go; done; exec tail /dev/zero';
    const id = await world.submit(`image: busybox:latest\na: {script: ['${greedy}']}\n`);
    await world.writing(id, 'a', 1);
    const job = (await world.look(id))?.jobs[0];
    assert.ok(job);
    const life = world.watch.livesOf(job.id).at(-1);
    assert.ok(life, 'no container');
    const limit = JSON.stringify({ Memory: 33_554_432, MemorySwap: 33_554_432 });
    const call = { method: 'POST', path: `/containers/${life.id}/update`, body: limit } as const;
    const answer = await callEngine({ env: process.env, signal: new AbortController().signal }, call);
    assert.equal(answer.kind === 'answer' && answer.status, 200, 'the limit');
    const { jobs } = await world.audit(id, { status: 'FAILED', lines: 20, artifacts: false });
    const attempt = jobs[0]?.attempts[0];
    assert.equal(attempt?.exitCode, 137, JSON.stringify(attempt));
    assert.match(attempt.failureMessage ?? '', /ran out of memory \(limit 32 MiB\)/);
    assert.equal(
      (await readLog(world.rig, job.id, 1)).split('\n').filter((line) => /^a line \d+$/.test(line)).length,
      20,
    );
    return `${attempt?.failureReason}: ${attempt?.failureMessage}`;
  },
};
