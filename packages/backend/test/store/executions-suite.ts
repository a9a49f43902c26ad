import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@xx-pipeline/testing';
import type { SkippedJobs } from '../../src/store/ExecutionStore.ts';
import type { MakeDatabase } from './databases.ts';
import { assign, assignmentTo, at, countUp, createExecution, createOrFind, withAssignments } from './executions.ts';

/** What executions promise, on whichever database. */
export function testExecutions(name: string, make: MakeDatabase): void {
  test(`${name}: an execution comes back as it was created, also from another process`, async () => {
    await using database = await make();
    const stores = await database.open();
    const created = await createExecution(stores);
    const other = await database.open();
    const found = await other.executions.find(created.id);
    assert.deepEqual(found?.execution, created);
    assert.deepEqual(found, await stores.executions.find(created.id));
    assert.equal(found?.definition.plan.stages[0]?.jobs.length, 2);
    assert.deepEqual(found?.definition.predefined, { CI: 'true' });
    assert.equal(await other.executions.executionOfJob(at(created.jobs, 1).id), created.id);
    assert.equal(await other.executions.find('none'), null);
    assert.equal(await other.executions.executionOfJob('none'), null);
  });

  test(`${name}: run numbers of a pipeline have no gaps and no doubles, however many are created at once`, async () => {
    await using database = await make();
    const both = [await database.open(), await database.open()];
    const made = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        createExecution(at(both, index % 2), { pipeline: index % 4 < 2 ? 'app' : 'docs' }),
      ),
    );
    for (const pipeline of ['app', 'docs']) {
      const numbers = made.filter((one) => one.pipeline === pipeline).map(({ runNumber }) => runNumber);
      const sorted = numbers.toSorted((a, b) => a - b);
      assert.deepEqual(
        sorted,
        Array.from({ length: 20 }, (_, index) => index + 1),
      );
    }
  });

  test(`${name}: a creation that fails uses no run number up`, async () => {
    await using database = await make();
    const stores = await database.open();
    const key = { repository: 'https://example.org/app.git', pipeline: 'app', idempotencyKey: null };
    const failing = stores.executions.create(() => {
      throw new Error('the plan is gone');
    }, key);
    await assert.rejects(failing, /the plan is gone/);
    assert.equal((await createExecution(stores)).runNumber, 1);
  });

  test(`${name}: the same idempotency key gives the first execution, also when both come at once`, async () => {
    await using database = await make();
    const both = [await database.open(), await database.open()];
    const wanted = { idempotencyKey: 'push-1' };
    const results = await Promise.all(
      Array.from({ length: 10 }, (_, index) => createOrFind(at(both, index % 2), wanted)),
    );
    assert.equal(results.filter(({ isNew }) => isNew).length, 1);
    assert.equal(new Set(results.map(({ execution }) => execution.id)).size, 1);
    const next = await createOrFind(at(both, 0), { idempotencyKey: 'push-2' });
    assert.deepEqual([next.isNew, next.execution.runNumber], [true, 2]);
    const elsewhere = await createOrFind(at(both, 0), { idempotencyKey: 'push-1', pipeline: 'docs' });
    assert.equal(elsewhere.isNew, true);
  });

  test(`${name}: many changes of one execution at once lose nothing`, async () => {
    await using database = await make();
    const both = [await database.open(), await database.open()];
    const { id, jobs } = await createExecution(at(both, 0));
    const results = await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        at(both, index % 2).executions.change(id, (current) => countUp(current, at(jobs, index % 2).id)),
      ),
    );
    assert.equal(results.length, 60);
    for (const stores of both) {
      const found = await stores.executions.find(id);
      assert.deepEqual(
        found?.execution.jobs.map(({ waitingReason }) => waitingReason),
        ['30', '30'],
      );
      const events = await stores.executions.eventsAfter(id, 0, 100);
      assert.equal(events.length, 60);
      const ids = events.map((event) => event.id);
      assert.deepEqual(
        ids,
        [...new Set(ids)].toSorted((a, b) => a - b),
      );
    }
  });

  test(`${name}: two backends never both assign a job`, async () => {
    await using database = await make();
    const both = [await database.open(), await database.open()];
    const jobs = Array.from({ length: 20 }, (_, index) => `job ${index}`);
    const { id, jobs: records } = await createExecution(at(both, 0), { jobs, pending: true });
    const won = await Promise.all(
      records.flatMap(({ id: jobId }) =>
        both.map((stores, index) => assign(stores, id, assignmentTo(`worker-${index}`, jobId))),
      ),
    );
    assert.equal(won.filter(Boolean).length, 20);
    const held = await Promise.all(['worker-0', 'worker-1'].map((id) => at(both, 0).executions.assignmentsOf(id)));
    assert.equal(held.flat().length, 20);
  });

  test(`${name}: a decision is made again on what is stored when another backend was quicker`, async () => {
    await using database = await make();
    const both = [await database.open(), await database.open()];
    const { id, jobs } = await createExecution(at(both, 0));
    const job = at(jobs, 0).id;
    for (let round = 1; round <= 6; round++) {
      const seen: number[] = [];
      const count = await at(both, round % 2).executions.change(id, (current) => {
        const change = countUp(current, job);
        seen.push(change.result);
        return change;
      });
      assert.equal(count, round);
      assert.equal(seen.at(-1), round);
    }
    // The first backend remembers one change less than there are.
    const stale = await at(both, 1).executions.change(id, ({ execution }) => {
      if (at(execution.jobs, 0).waitingReason === '6') return null;
      throw new Error('decided on an old state');
    });
    assert.equal(stale, null);
  });

  test(`${name}: a change that decides nothing or fails leaves no trace`, async () => {
    await using database = await make();
    const stores = await database.open();
    const created = await createExecution(stores);
    assert.equal(await stores.executions.change(created.id, () => null), null);
    const failing = stores.executions.change(created.id, () => {
      throw new Error('a bug');
    });
    await assert.rejects(failing, /a bug/);
    const bad = stores.executions.change(created.id, (current) => ({
      ...withAssignments(current, current.assignments),
      execution: { ...current.execution, jobs: [] },
    }));
    await assert.rejects(bad, /may neither/);
    assert.equal(await stores.executions.change('none', () => null), null);
    assert.deepEqual((await stores.executions.find(created.id))?.execution, created);
    assert.deepEqual(await stores.executions.eventsAfter(created.id, 0, 10), []);
  });

  test(`${name}: what was decided on a change that cannot be written is decided again without it`, async () => {
    await using database = await make();
    const { executions } = await database.open();
    const { id, jobs } = await createExecution({ executions });
    const job = at(jobs, 0).id;
    const before = executions.change(id, (current) => countUp(current, job));
    const unwritable = executions.change(id, (current) => {
      return { ...countUp(current, job), events: [{ type: null as never, data: 'no event' }] };
    });
    const after = [1, 2, 3].map(() => executions.change(id, (current) => countUp(current, job)));
    await assert.rejects(unwritable, /null/i);
    assert.deepEqual(await Promise.all([before, ...after]), [1, 2, 3, 4]);
    const other = await (await database.open()).executions.find(id);
    assert.equal(at(other?.execution.jobs ?? [], 0).waitingReason, '4');
    const events = await executions.eventsAfter(id, 0, 10);
    assert.deepEqual(
      events.map(({ event }) => event.data),
      [1, 2, 3, 4].map((count) => ({ count })),
    );
  });

  test(`${name}: what was decided on a change that came too late is not written, though its version fits`, async () => {
    await using database = await make();
    const [mine, other] = [await database.open(), await database.open()];
    const { id, jobs } = await createExecution(mine);
    const job = at(jobs, 0).id;
    await other.executions.change(id, (current) => {
      const { execution } = countUp(current, job);
      const counted = execution.jobs.map((one) => (one.id === job ? { ...one, waitingReason: '10' } : one));
      return { ...countUp(current, job), execution: { ...execution, jobs: counted } };
    });
    const counts = [1, 2].map(() => mine.executions.change(id, (current) => countUp(current, job)));
    assert.deepEqual((await Promise.all(counts)).toSorted(), [11, 12]);
  });

  test(`${name}: events come in order, in pages, with their time`, async () => {
    await using database = await make();
    const stores = await database.open(new ManualClock(5000));
    const { id, jobs } = await createExecution(stores);
    const other = await createExecution(stores);
    for (let round = 0; round < 3; round++) {
      for (const one of [id, other.id]) {
        const job = one === id ? at(jobs, 0).id : at(other.jobs, 0).id;
        await stores.executions.change(one, (current) => countUp(current, job));
      }
    }
    const first = await stores.executions.eventsAfter(id, 0, 2);
    assert.deepEqual(
      first.map(({ event, at }) => [event, at]),
      [1, 2].map((count) => [{ type: 'job-changed', data: { count } }, 5000]),
    );
    const rest = await stores.executions.eventsAfter(id, at(first, -1).id, 10);
    assert.deepEqual(
      rest.map(({ event }) => event.data),
      [{ count: 3 }],
    );
  });

  test(`${name}: waiting jobs are taken in turn from the repositories that run least`, async () => {
    await using database = await make();
    const stores = await database.open();
    const many = { pending: true, repository: 'busy', jobs: ['1', '2', '3', '4', '5'] };
    const busy = await createExecution(stores, { ...many, at: 1000 });
    await createExecution(stores, { pending: true, repository: 'late', jobs: ['1', '2'], at: 2000 });
    await createExecution(stores, { pending: true, repository: 'latest', jobs: ['1'], at: 3000 });
    const order = async (limit: number) =>
      (await stores.executions.pendingJobs(limit)).map(({ repository }) => repository);
    assert.deepEqual(await order(100), ['busy', 'late', 'latest', 'busy', 'late', 'busy', 'busy', 'busy']);
    assert.deepEqual(await order(2), ['busy', 'late']);
    for (const job of busy.jobs.slice(0, 2)) await assign(stores, busy.id, assignmentTo('w', job.id));
    assert.deepEqual(await order(100), ['late', 'latest', 'late', 'busy', 'busy', 'busy']);
    assert.deepEqual(await order(1), ['late']);
    const [pending] = await stores.executions.pendingJobs(1);
    assert.deepEqual([pending?.eligibleAt, pending?.tags], [2000, ['linux']]);
  });

  test(`${name}: waiting jobs can be left out by their labels and runs`, async () => {
    await using database = await make();
    const stores = await database.open(new ManualClock(100_000));
    const [first, second] = [
      await createExecution(stores, { pending: true, jobs: ['a'], at: 1000 }),
      await createExecution(stores, { pending: true, jobs: ['b'], at: 2000 }),
    ];
    const found = async (skipped: Partial<SkippedJobs>) => {
      const pending = await stores.executions.pendingJobs(1, { tags: [], anyTags: [], executions: [], ...skipped });
      return pending.map(({ executionId }) => executionId);
    };
    assert.deepEqual(await found({}), [first.id]);
    assert.deepEqual(await found({ tags: [['linux']] }), []);
    assert.deepEqual(await found({ tags: [['linux', 'gpu'], []] }), [first.id]);
    assert.deepEqual(await found({ tags: [['linux']], anyTags: [second.id] }), [second.id]);
    assert.deepEqual(await found({ executions: [first.id] }), [second.id]);
  });

  test(`${name}: a delayed job is not offered before its time`, async () => {
    await using database = await make();
    const clock = new ManualClock(100_000);
    const stores = await database.open(clock);
    await createExecution(stores, { pending: true, delaySeconds: 30, jobs: ['later'], at: 100_000 });
    assert.deepEqual(await stores.executions.pendingJobs(10), []);
    await clock.advance(30_000);
    assert.equal((await stores.executions.pendingJobs(10)).length, 1);
  });

  test(`${name}: leases run out unless they are renewed with the right token`, async () => {
    await using database = await make();
    const stores = await database.open();
    const { id, jobs } = await createExecution(stores, { pending: true });
    const [one, two] = [at(jobs, 0).id, at(jobs, 1).id];
    await assign(stores, id, assignmentTo('w', one, { leaseUntil: 1000 }));
    await assign(stores, id, assignmentTo('w', two, { leaseUntil: 2000, cancelRequested: true }));
    const expired = async (now: number) =>
      (await stores.executions.expiredAssignments(now)).map(({ assignment }) => assignment.jobId);
    assert.deepEqual(await expired(999), []);
    assert.deepEqual(await expired(2000), [one, two]);
    const claim = (jobId: string, more = {}) => ({ jobId, attempt: 1, tokenHash: 'a'.repeat(64), ...more });
    const claims = [claim(one, { tokenHash: 'b'.repeat(64) }), claim(two, { attempt: 2 }), claim('none')];
    assert.deepEqual(await stores.executions.renewLeases('w', claims, 9000), { renewed: [] });
    assert.deepEqual(await stores.executions.renewLeases('other', [claim(one)], 9000), { renewed: [] });
    const { renewed } = await stores.executions.renewLeases('w', [claim(one), claim(two)], 9000);
    assert.deepEqual(
      renewed.toSorted((a, b) => jobs.findIndex((j) => j.id === a.jobId) - jobs.findIndex((j) => j.id === b.jobId)),
      [
        { jobId: one, attempt: 1, cancelRequested: false },
        { jobId: two, attempt: 1, cancelRequested: true },
      ],
    );
    assert.deepEqual(await expired(8999), []);
  });

  test(`${name}: who decides about a lease sees its renewal by another backend`, async () => {
    await using database = await make();
    const both = [await database.open(), await database.open()];
    const { id, jobs } = await createExecution(at(both, 0), { pending: true });
    const job = at(jobs, 0).id;
    await assign(at(both, 0), id, assignmentTo('w', job, { leaseUntil: 1000 }));
    const claims = [{ jobId: job, attempt: 1, tokenHash: 'a'.repeat(64) }];
    await at(both, 1).executions.renewLeases('w', claims, 9000);
    const taken = await at(both, 0).executions.change(id, (current) => {
      if ((current.assignments.get(job)?.leaseUntil ?? 0) > 2000) return null;
      return withAssignments(current, new Map());
    });
    assert.equal(taken, null);
    assert.equal((await at(both, 0).executions.assignmentsOf('w')).length, 1);
  });

  test(`${name}: lists show the newest first, in pages without gaps, through every filter`, async () => {
    await using database = await make();
    const stores = await database.open();
    const made: string[] = [];
    for (let index = 0; index < 7; index++) {
      // Two at each moment: the id decides between them.
      const wanted = { at: 1000 + Math.floor(index / 2), pipeline: index < 4 ? 'app' : 'docs' };
      made.push((await createExecution(stores, wanted)).id);
    }
    const seen: string[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await stores.executions.list({ limit: 3, ...(cursor === undefined ? {} : { cursor }) });
      assert.ok(page.executions.every((execution) => !('jobs' in execution) && !('stages' in execution)));
      seen.push(...page.executions.map(({ id }) => id));
      if (page.nextCursor === null) break;
      cursor = page.nextCursor;
    }
    assert.equal(seen.length, 7);
    assert.deepEqual(seen.toSorted(), made.toSorted());
    assert.equal(seen[0], made[6]);
    const count = async (filter: object) => (await stores.executions.list({ limit: 50, ...filter })).executions.length;
    assert.equal(await count({ pipeline: 'app' }), 4);
    assert.equal(await count({ pipeline: 'app', run: 2 }), 1);
    assert.equal(await count({ repository: 'other' }), 0);
    assert.equal(await count({ status: 'CREATED' }), 7);
    assert.equal(await count({ status: 'FAILED' }), 0);
    assert.equal(await count({ cursor: 'not a cursor' }), 7);
  });

  test(`${name}: only executions that still move are live`, async () => {
    await using database = await make();
    const stores = await database.open();
    const [live, done, waiting] = [
      await createExecution(stores),
      await createExecution(stores),
      await createExecution(stores),
    ];
    for (const [{ id }, status] of [
      [done, 'SUCCESS'],
      [waiting, 'MANUAL'],
    ] as const) {
      await stores.executions.change(id, (current) => ({
        ...withAssignments(current, current.assignments),
        execution: { ...current.execution, status },
      }));
    }
    assert.deepEqual(await stores.executions.liveExecutions(), [live.id]);
  });

  test(`${name}: changes wake up those who follow the execution and those who schedule`, async () => {
    await using database = await make();
    const stores = await database.open();
    const { id, jobs } = await createExecution(stores);
    const heard: string[] = [];
    for (const topic of [`execution:${id}`, 'jobs-pending'] as const) {
      stores.wakeups.listen(topic, () => heard.push(topic));
    }
    await stores.executions.change(id, () => null);
    assert.deepEqual(heard, []);
    const job = at(jobs, 0).id;
    await assign(stores, id, assignmentTo('w', job));
    assert.deepEqual(heard.splice(0), [`execution:${id}`]);
    const cancel = assignmentTo('w', job, { cancelRequested: true });
    await stores.executions.change(id, (current) => withAssignments(current, new Map([[job, cancel]])));
    assert.deepEqual(heard.splice(0), [`execution:${id}`]);
    await stores.executions.change(id, (current) => withAssignments(current, new Map()));
    assert.deepEqual(heard, [`execution:${id}`, 'jobs-pending']);
  });
}
