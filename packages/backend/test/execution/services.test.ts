import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildReport, type JobRequest } from '@xx-pipeline/common';
import { jobPlan, needing } from '@xx-pipeline/testing';
import { alice, code, input, ok, Rig } from './Rig.ts';

/** Statuses by name. */
async function statuses(rig: Rig, id: string): Promise<Record<string, string>> {
  return Object.fromEntries((await rig.execution(id)).jobs.map(({ name, status }) => [name, status]));
}

/** What a worker says of a job it was given. */
const told = ({ jobId, attempt, token }: JobRequest) => ({
  jobId,
  ...(attempt === undefined ? {} : { attempt }),
  ...(token === undefined ? {} : { token }),
});

const worker = { kind: 'worker', name: 'w' } as const;
const person = alice;

test('a run goes from stage to stage, and jobs with needs do not wait for their stage', async () => {
  await using rig = await Rig.open();
  const { taken } = await rig.willing();
  const { id } = await rig.run(
    jobPlan('build', 'one'),
    jobPlan('slow', 'one'),
    jobPlan('test', 'two', needing('build')),
    jobPlan('last', 'three'),
  );
  assert.deepEqual(await statuses(rig, id), { build: 'PENDING', slow: 'PENDING', test: 'CREATED', last: 'CREATED' });
  await rig.schedule();
  assert.deepEqual(taken.map(({ jobName }) => jobName).sort(), ['build', 'slow']);
  const finish = async (name: string) => {
    const request = taken.find(({ jobName }) => jobName === name);
    assert(request);
    ok(await rig.jobs.updateJobExecutionStatus({ ...told(request), status: 'RUNNING' }, worker));
    ok(await rig.jobs.updateJobExecutionStatus({ ...told(request), status: 'SUCCESS', exitCode: 0 }, worker));
    await rig.schedule();
  };
  await finish('build');
  assert.deepEqual(await statuses(rig, id), { build: 'SUCCESS', slow: 'PENDING', test: 'PENDING', last: 'CREATED' });
  await finish('test');
  await finish('slow');
  await finish('last');
  const execution = await rig.execution(id);
  assert.equal(execution.status, 'SUCCESS');
  assert.deepEqual(buildReport(execution), ok(await rig.pipelines.report(id)));
  const events = await rig.main.stores.executions.eventsAfter(id, 0, 1000);
  assert.equal(events.at(-1)?.event.type, 'finished');
});

test('a failing job fails the run at once, and what has not started is skipped', async () => {
  await using rig = await Rig.open();
  const { taken } = await rig.willing();
  const { id } = await rig.run(
    jobPlan('bad', 'one'),
    jobPlan('next', 'two'),
    jobPlan('clean', 'two', { when: 'always' }),
    jobPlan('mail', 'two', { when: 'on_failure' }),
  );
  await rig.schedule();
  const [request] = taken;
  assert(request);
  ok(await rig.jobs.updateJobExecutionStatus({ ...told(request), status: 'RUNNING' }, worker));
  ok(await rig.jobs.updateJobExecutionStatus({ ...told(request), status: 'FAILED', exitCode: 3 }, worker));
  assert.deepEqual(await statuses(rig, id), { bad: 'FAILED', next: 'SKIPPED', clean: 'PENDING', mail: 'PENDING' });
  const bad = await rig.job(id, 'bad');
  assert.equal(bad.attempts[0]?.failureReason, 'script_failure');
  assert.equal(bad.attempts[0]?.exitCode, 3);
  assert.equal(bad.attempts[0]?.log, `/api/jobs/${bad.id}/log?attempt=1`);
});

test('the same update twice is one, and a message of a lost attempt is refused with the reason', async () => {
  await using rig = await Rig.open();
  const { taken } = await rig.willing();
  const { id } = await rig.run(
    jobPlan('a', 'one', { retry: { max: 1, when: ['runner_system_failure'], exitCodes: [] } }),
  );
  await rig.schedule();
  const [first] = taken;
  assert(first);
  const running = { ...told(first), status: 'RUNNING' as const };
  ok(await rig.jobs.updateJobExecutionStatus(running, worker));
  ok(await rig.jobs.updateJobExecutionStatus(running, worker));
  assert.equal((await rig.job(id, 'a')).attempts.length, 1);
  await rig.pass(50);
  const lost = await rig.job(id, 'a');
  assert.equal(lost.status, 'PENDING');
  assert.equal(lost.attempts[0]?.failureReason, 'worker_lost');
  const late = await rig.jobs.updateJobExecutionStatus({ ...told(first), status: 'SUCCESS' }, worker);
  assert(!late.ok);
  assert.equal(late.error.code, 'stale_attempt');
  assert.match(late.error.detail ?? '', /attempt 1 of job "a" has ended: FAILED \(no heartbeat/);
  const again = await rig.willing();
  await rig.schedule();
  const [second] = again.taken;
  assert(second);
  assert.equal(second.attempt, 2);
  const done = { ...told(second), status: 'SUCCESS' as const };
  ok(await rig.jobs.updateJobExecutionStatus(done, { kind: 'job', token: second.token ?? '' }));
  ok(await rig.jobs.updateJobExecutionStatus(done, { kind: 'job', token: second.token ?? '' }));
  const job = await rig.job(id, 'a');
  assert.deepEqual(
    job.attempts.map(({ number, status }) => [number, status]),
    [
      [1, 'FAILED'],
      [2, 'SUCCESS'],
    ],
  );
  assert.equal((await rig.execution(id)).status, 'SUCCESS');
});

test('a token speaks for its own job and attempt only', async () => {
  await using rig = await Rig.open();
  const { taken } = await rig.willing();
  const { id } = await rig.run(jobPlan('a', 'one'), jobPlan('b', 'one'), jobPlan('c', 'two', needing('a')));
  await rig.schedule();
  const [a, b] = taken;
  assert(a !== undefined && b !== undefined);
  const token = a.token ?? '';
  const attempt = ok(await rig.access.authorizeAttempt(token, { jobId: a.jobId, attempt: 1 }));
  assert.equal(attempt.executionId, id);
  assert.equal(code(await rig.access.authorizeAttempt(token, { jobId: b.jobId })), 'forbidden');
  assert.equal(code(await rig.access.authorizeAttempt(token, { attempt: 2 })), 'stale_attempt');
  assert.equal(code(await rig.access.authorizeAttempt('xxp_something')), 'unauthorized');
  const forged = token.slice(0, -3) + (token.endsWith('AAA') ? 'BBB' : 'AAA');
  assert.equal(code(await rig.access.authorizeAttempt(forged)), 'stale_attempt');
  const foreign = await rig.jobs.updateJobExecutionStatus({ jobId: b.jobId, status: 'SUCCESS', token }, worker);
  assert.equal(code(foreign), 'forbidden');
  const guess = await rig.jobs.updateJobExecutionStatus({ jobId: a.jobId, status: 'SUCCESS', token: forged }, worker);
  assert.equal(code(guess), 'stale_attempt');
  const nameless = await rig.jobs.updateJobExecutionStatus({ jobId: b.jobId, status: 'SUCCESS' }, worker);
  assert.equal(code(nameless), 'stale_attempt');
  const c = (await rig.job(id, 'c')).id;
  const ofC = { executionId: id, jobId: c, attempt: 1, cancelRequested: false };
  assert.deepEqual(
    [await rig.access.mayRead(ofC, a.jobId), await rig.access.mayRead(ofC, b.jobId), await rig.access.mayRead(ofC, c)],
    [true, false, true],
  );
});

test('a person with a job id and a status moves a job that no worker has', async () => {
  await using rig = await Rig.open();
  const { id } = await rig.run(jobPlan('a', 'one'), jobPlan('b', 'two'));
  const a = (await rig.job(id, 'a')).id;
  assert.equal(code(await rig.jobs.updateJobExecutionStatus({ jobId: a, status: 'SUCCESS' }, person)), 'conflict');
  ok(await rig.jobs.updateJobExecutionStatus({ jobId: a, status: 'RUNNING', logs: 'hello\n' }, person));
  ok(await rig.jobs.updateJobExecutionStatus({ jobId: a, status: 'SUCCESS', logs: 'bye\n' }, person));
  ok(await rig.jobs.updateJobExecutionStatus({ jobId: a, status: 'SUCCESS', logs: 'bye\n' }, person));
  const log = await rig.main.stores.logs.read({ jobId: a, attempt: 1 }, 0, 1000);
  assert.equal(Buffer.concat(log.map(({ chunk }) => chunk.bytes)).toString(), 'hello\nbye\n');
  assert.equal(code(await rig.jobs.updateJobExecutionStatus({ jobId: a, status: 'FAILED' }, person)), 'conflict');
  const b = (await rig.job(id, 'b')).id;
  ok(await rig.jobs.updateJobExecutionStatus({ jobId: b, status: 'SKIPPED' }, person));
  assert.equal((await rig.execution(id)).status, 'SUCCESS');
  assert.equal(
    code(await rig.jobs.updateJobExecutionStatus({ jobId: rig.id(), status: 'RUNNING' }, person)),
    'not_found',
  );
});

test('canceling a run ends what waits at once and what runs when its worker says so', async () => {
  await using rig = await Rig.open();
  const { taken, canceled, ...w } = await rig.willing({ slots: 2 });
  const { id } = await rig.run(jobPlan('a', 'one'), jobPlan('b', 'one'), jobPlan('c', 'one'), jobPlan('d', 'two'));
  await rig.schedule();
  const [a, b] = taken;
  assert(a !== undefined && b !== undefined);
  ok(await rig.jobs.updateJobExecutionStatus({ ...told(a), status: 'RUNNING' }, worker));
  const during = ok(await rig.pipelines.cancelPipelineExecution(id, alice, 'wrong branch'));
  assert.equal(during.status, 'RUNNING');
  assert.deepEqual(await statuses(rig, id), { a: 'RUNNING', b: 'CANCELED', c: 'CANCELED', d: 'CANCELED' });
  await new Promise((resolve) => setImmediate(resolve));
  const claim = { jobId: a.jobId, attempt: 1, token: a.token ?? '' };
  const beat = ok(await rig.main.scheduling.registry.heartbeat({ ...w, freeSlots: 1, attempts: [claim] }));
  assert.deepEqual(beat, { cancel: [{ jobId: a.jobId, attempt: 1 }], lost: [] });
  const answer = ok(await rig.jobs.updateJobExecutionStatus({ ...told(a), status: 'RUNNING' }, worker));
  assert.equal(answer.cancelRequested, true);
  assert.equal(code(await rig.pipelines.retryPipelineExecution(id, alice)), 'conflict');
  // The worker had taken it meanwhile.
  assert.equal(
    code(await rig.jobs.updateJobExecutionStatus({ ...told(b), status: 'RUNNING' }, worker)),
    'stale_attempt',
  );
  ok(await rig.jobs.updateJobExecutionStatus({ ...told(a), status: 'CANCELED' }, worker));
  const after = await rig.execution(id);
  assert.equal(after.status, 'CANCELED');
  assert.equal(after.reason, 'wrong branch');
  assert.deepEqual(canceled.map(({ jobId }) => jobId).sort(), [a.jobId, b.jobId].sort());
  assert.equal(ok(await rig.pipelines.cancelPipelineExecution(id, alice, 'again')).reason, 'wrong branch');
});

/** A run with a job that runs, may be retried, and has been asked to end. */
async function canceledWhileItRuns(rig: Rig) {
  const { taken } = await rig.willing();
  const { id } = await rig.run(jobPlan('a', 'one', { retry: { max: 2, when: ['always'], exitCodes: [] } }));
  await rig.schedule();
  const [a] = taken;
  assert(a);
  ok(await rig.jobs.updateJobExecutionStatus({ ...told(a), status: 'RUNNING' }, worker));
  ok(await rig.jobs.cancelJob(a.jobId, alice));
  return { id, a };
}

test('a canceled job whose worker never confirms ends when its lease does', async () => {
  await using rig = await Rig.open();
  const { id } = await canceledWhileItRuns(rig);
  await rig.pass(30);
  assert.equal((await rig.job(id, 'a')).status, 'RUNNING');
  await rig.pass(20);
  assert.equal((await rig.job(id, 'a')).status, 'CANCELED');
  assert.equal((await rig.execution(id)).status, 'CANCELED');
});

test('a job that fails while it is being canceled is not tried again', async () => {
  await using rig = await Rig.open();
  const { id, a } = await canceledWhileItRuns(rig);
  ok(await rig.jobs.updateJobExecutionStatus({ ...told(a), status: 'FAILED', exitCode: 1 }, worker));
  const job = await rig.job(id, 'a');
  assert.equal(job.status, 'CANCELED');
  assert.equal(job.attempts[0]?.status, 'FAILED');
});

test('retrying a run runs failed jobs again, and what was skipped because of them in its turn', async () => {
  await using rig = await Rig.open();
  const { taken } = await rig.willing();
  const { id } = await rig.run(
    jobPlan('good', 'one'),
    jobPlan('bad', 'one'),
    jobPlan('next', 'two'),
    jobPlan('always', 'three', { when: 'always' }),
  );
  const end = async (name: string, status: 'SUCCESS' | 'FAILED') => {
    await rig.schedule();
    const request = taken.findLast(({ jobName }) => jobName === name);
    assert(request);
    ok(await rig.jobs.updateJobExecutionStatus({ ...told(request), status: 'RUNNING' }, worker));
    ok(await rig.jobs.updateJobExecutionStatus({ ...told(request), status }, worker));
  };
  await end('good', 'SUCCESS');
  assert.equal(code(await rig.pipelines.retryPipelineExecution(id, alice)), 'conflict');
  await end('bad', 'FAILED');
  await end('always', 'FAILED');
  assert.equal((await rig.execution(id)).status, 'FAILED');
  ok(await rig.pipelines.retryPipelineExecution(id, alice));
  assert.deepEqual(await statuses(rig, id), { good: 'SUCCESS', bad: 'PENDING', next: 'CREATED', always: 'CREATED' });
  await end('bad', 'SUCCESS');
  await end('next', 'SUCCESS');
  await end('always', 'SUCCESS');
  const execution = await rig.execution(id);
  assert.equal(execution.status, 'SUCCESS');
  assert.deepEqual(
    execution.jobs.map(({ attempts }) => attempts.length),
    [1, 2, 1, 2],
  );
});

test('retrying one job runs it at once, also in a run that was canceled', async () => {
  await using rig = await Rig.open();
  const { taken } = await rig.willing();
  const { id } = await rig.run(jobPlan('a', 'one'), jobPlan('b', 'two'));
  const a = (await rig.job(id, 'a')).id;
  assert.equal(code(await rig.jobs.retryJob(a, alice)), 'conflict');
  ok(await rig.pipelines.cancelPipelineExecution(id, alice, undefined));
  ok(await rig.jobs.retryJob(a, alice));
  assert.deepEqual(await statuses(rig, id), { a: 'PENDING', b: 'CREATED' });
  assert.equal((await rig.execution(id)).reason, null);
  await rig.schedule();
  const [request] = taken;
  assert(request);
  ok(await rig.jobs.updateJobExecutionStatus({ ...told(request), status: 'SUCCESS' }, worker));
  assert.deepEqual(await statuses(rig, id), { a: 'SUCCESS', b: 'PENDING' });
});

test('a manual job waits for a person, and runs with the variables that person gives', async () => {
  await using rig = await Rig.open();
  const { taken } = await rig.willing();
  const { id } = await rig.run(
    jobPlan('ask', 'one', { when: 'manual', allowFailure: true }),
    jobPlan('after', 'two', needing('ask')),
  );
  assert.deepEqual(await statuses(rig, id), { ask: 'MANUAL', after: 'SKIPPED' });
  const ask = (await rig.job(id, 'ask')).id;
  const variables = [
    { name: 'WHERE', value: 'production' },
    { name: 'PASSWORD', value: 'hunter2-hunter2', secret: true },
  ];
  const shown = ok(await rig.jobs.playJob(ask, alice, variables));
  assert.deepEqual(await statuses(rig, id), { ask: 'PENDING', after: 'CREATED' });
  assert.equal(JSON.stringify(shown).includes('hunter2'), false);
  assert.equal('playVariables' in shown, false);
  assert.equal('playVariables' in (await rig.job(id, 'ask')), false);
  assert.equal(code(await rig.jobs.playJob(ask, alice, [])), 'conflict');
  await rig.schedule();
  const [request] = taken;
  assert.deepEqual(
    request?.variables?.filter(({ name }) => name === 'WHERE' || name === 'PASSWORD'),
    variables,
  );
  const stored = await rig.main.stores.executions.find(id);
  assert.equal(JSON.stringify([stored?.definition, stored?.execution]).includes('hunter2'), false);
});

test('jobs that are played with the creation start by themselves and know it', async () => {
  await using rig = await Rig.open();
  const { taken } = await rig.willing();
  const plan = input(
    jobPlan('asked', 'one', { when: 'manual' }),
    jobPlan('turned on by its sender', 'one'),
    jobPlan('plain', 'one'),
    jobPlan('waiting', 'one', { when: 'manual' }),
  );
  const playedJobs = ['asked', 'turned on by its sender'];
  const { execution } = ok(await rig.pipelines.createPipelineExecution({ ...plan, playedJobs }, alice, null));
  await rig.schedule();
  const manual = (name: string) =>
    taken.find(({ jobName }) => jobName === name)?.variables?.find((variable) => variable.name === 'CI_JOB_MANUAL')
      ?.value;
  assert.deepEqual(['asked', 'turned on by its sender', 'plain'].map(manual), ['true', 'true', undefined]);
  assert.equal((await rig.job(execution.id, 'waiting')).status, 'MANUAL');
  const refused = await rig.pipelines.createPipelineExecution(
    { ...plan, playedJobs: ['asked', 'nobody'] },
    alice,
    null,
  );
  assert(!refused.ok);
  assert.deepEqual(refused.error.errors, [{ pointer: '/playedJobs/1', message: 'there is no job "nobody"' }]);
});

test('a delayed job starts after its time, also after a restart of the server, or when a person plays it', async () => {
  await using rig = await Rig.open();
  const { taken } = await rig.willing();
  const first = await rig.run(jobPlan('late', 'one', { when: 'delayed', startIn: 15 }));
  const second = await rig.run(jobPlan('late', 'one', { when: 'delayed', startIn: 3600 }));
  await rig.schedule();
  assert.equal(taken.length, 0);
  await rig.restart();
  await rig.pass(16);
  await rig.schedule();
  assert.deepEqual(
    taken.map(({ pipelineExecutionId }) => pipelineExecutionId),
    [first.id],
  );
  ok(await rig.jobs.playJob((await rig.job(second.id, 'late')).id, alice, []));
  await rig.schedule();
  assert.equal(taken.length, 2);
});

test('records and texts say who created, played, canceled, skipped and retried', async () => {
  await using rig = await Rig.open();
  const bob = { kind: 'person', name: 'bob' } as const;
  const { taken } = await rig.willing();
  const { id } = await rig.run(jobPlan('ask', 'one', { when: 'manual' }), jobPlan('a', 'one'), jobPlan('b', 'two'));
  const at = '2026-01-01T00:00:00.000Z';
  assert.deepEqual((await rig.execution(id)).createdBy, alice);
  const ask = (await rig.job(id, 'ask')).id;
  assert.deepEqual(ok(await rig.jobs.playJob(ask, bob, [])).lastAction, { kind: 'play', by: bob, at });
  await rig.schedule();
  ok(await rig.jobs.cancelJob(ask, bob));
  assert.deepEqual((await rig.job(id, 'ask')).lastAction, { kind: 'cancel', by: bob, at });
  const running = taken.find(({ jobName }) => jobName === 'a');
  assert(running);
  const token = running.token ?? '';
  ok(await rig.jobs.updateJobExecutionStatus({ jobId: running.jobId, status: 'RUNNING', token }, worker));
  const during = ok(await rig.pipelines.cancelPipelineExecution(id, bob, undefined));
  assert.deepEqual([during.reason, during.cancellation], ['canceled by bob', { by: bob, at }]);
  assert.deepEqual(
    (await rig.job(id, 'ask')).attempts.map(({ failureMessage }) => failureMessage),
    ['canceled by bob'],
  );
  ok(await rig.jobs.updateJobExecutionStatus({ jobId: running.jobId, status: 'CANCELED', token }, worker));
  const again = ok(await rig.pipelines.retryPipelineExecution(id, alice));
  assert.deepEqual([again.reason, again.cancellation, again.lastRetry], [null, null, { by: alice, at }]);
  assert.deepEqual((await rig.job(id, 'a')).lastAction, { kind: 'retry', by: alice, at });
  const stored = (await rig.main.stores.executions.list({ limit: 1 })).executions[0];
  assert.deepEqual([stored?.createdBy, stored?.lastRetry], [alice, { by: alice, at }]);
  ok(await rig.jobs.updateJobExecutionStatus({ jobId: ask, status: 'SKIPPED' }, bob));
  const skipped = await rig.job(id, 'ask');
  assert.deepEqual([skipped.waitingReason, skipped.lastAction?.by], ['skipped by bob', bob]);
});

test('a job that cannot be requested fails with config_error and its reason', async () => {
  await using rig = await Rig.open();
  await rig.willing();
  const { id } = await rig.run(jobPlan('a', 'one', { image: { name: '$NOTHING' } }), jobPlan('b', 'two'));
  await rig.schedule();
  const a = await rig.job(id, 'a');
  assert.equal(a.attempts[0]?.failureReason, 'config_error');
  assert.match(a.attempts[0]?.failureMessage ?? '', /is empty once its variables are expanded/);
  assert.equal((await rig.execution(id)).status, 'FAILED');
});

test('the same idempotency key makes one run, and run numbers count up', async () => {
  await using rig = await Rig.open();
  const first = ok(await rig.pipelines.createPipelineExecution(input(jobPlan('a', 'one')), alice, 'key'));
  const again = ok(await rig.pipelines.createPipelineExecution(input(jobPlan('a', 'one')), alice, 'key'));
  const other = ok(await rig.pipelines.createPipelineExecution(input(jobPlan('a', 'one')), alice, null));
  assert.deepEqual([first.isNew, again.isNew, other.isNew], [true, false, true]);
  assert.equal(again.execution.id, first.execution.id);
  assert.deepEqual([first.execution.runNumber, other.execution.runNumber], [1, 2]);
});

test('sources that workers must not fetch are refused', async () => {
  await using rig = await Rig.open();
  const from = (url: string) => ({
    ...input(jobPlan('a', 'one')),
    source: { kind: 'git' as const, url, commit: 'a'.repeat(40) },
  });
  for (const url of ['ext::sh -c id', '--upload-pack=id', 'https://me:secret@git.example/a', '/etc', 'ftp://x/y']) {
    assert.equal(code(await rig.pipelines.createPipelineExecution(from(url), alice, null)), 'bad_request', url);
  }
  for (const url of ['https://git.example/a.git', 'git@git.example:a/b.git', 'ssh://git@git.example/a']) {
    ok(await rig.pipelines.createPipelineExecution(from(url), alice, null));
  }
  const snapshot = { ...input(jobPlan('a', 'one')), source: { kind: 'snapshot' as const, id: 'b'.repeat(64) } };
  assert.equal(code(await rig.pipelines.createPipelineExecution(snapshot, alice, null)), 'snapshot_incomplete');
});

test('requests carry source, server and secrets; the database has no secret in clear', async () => {
  await using rig = await Rig.open();
  const { taken } = await rig.willing({ labels: ['gpu'] });
  const variables = [
    { name: 'KIND', value: 'gpu' },
    { name: 'TOKEN', value: 'a-very-secret-value', secret: true },
  ];
  const source = { kind: 'git' as const, url: 'https://git.example/a.git', commit: 'c'.repeat(40) };
  const job = jobPlan('a', 'one', { tags: ['$KIND'], image: { name: 'image:$KIND' } });
  const { execution } = ok(
    await rig.pipelines.createPipelineExecution({ ...input(job), variables, source }, alice, null),
  );
  const stored = await rig.main.stores.executions.find(execution.id);
  assert.equal(JSON.stringify(stored?.definition).includes('a-very-secret-value'), false);
  await rig.schedule();
  const [request] = taken;
  assert(request);
  const values = Object.fromEntries((request.variables ?? []).map(({ name, value }) => [name, value]));
  assert.deepEqual(request.source, { kind: 'tree', key: `git:https://git.example/a.git#${'c'.repeat(40)}` });
  assert.equal(values['TOKEN'], 'a-very-secret-value');
  assert.equal(values['CI_SERVER_URL'], 'https://ci.example');
  assert.equal(values['CI_JOB_URL'], `https://ci.example/api/jobs/${request.jobId}`);
  assert.equal(values['CI_PIPELINE_IID'], '1');
  ok(await rig.jobs.updateJobExecutionStatus({ ...told(request), status: 'RUNNING' }, worker));
  assert.equal((await rig.job(execution.id, 'a')).image, 'image:gpu');
});

test('archives of the running attempt are in its record', async () => {
  await using rig = await Rig.open();
  const { taken } = await rig.willing();
  const { id } = await rig.run(jobPlan('a', 'one'));
  await rig.schedule();
  const [a] = taken;
  assert(a);
  const ref = { name: 'site', path: 'x', size: 3, sha256: 'd'.repeat(64) };
  assert.equal(code(await rig.jobs.recordArtifact(a.jobId, 1, ref)), 'conflict');
  ok(await rig.jobs.updateJobExecutionStatus({ ...told(a), status: 'RUNNING' }, worker));
  ok(await rig.jobs.recordArtifact(a.jobId, 1, ref));
  ok(await rig.jobs.recordArtifact(a.jobId, 1, ref));
  ok(await rig.jobs.updateJobExecutionStatus({ ...told(a), status: 'SUCCESS' }, worker));
  assert.deepEqual((await rig.job(id, 'a')).attempts[0]?.artifacts, [ref]);
});

test('whoever has a job before its turn sees what it waits for', async () => {
  await using rig = await Rig.open();
  const { id } = await rig.run(
    jobPlan('second', 'one', needing('first')),
    jobPlan('first', 'one'),
    jobPlan('third', 'two'),
  );
  const third = await rig.job(id, 'third');
  const waits = ok(await rig.queries.getDependencies(third.id));
  assert.deepEqual(
    waits.map(({ jobName, status }) => [jobName, status]),
    [
      ['second', 'CREATED'],
      ['first', 'PENDING'],
    ],
  );
});
