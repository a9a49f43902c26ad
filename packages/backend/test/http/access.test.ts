import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { backendRoutes, type Route } from '@xx-pipeline/common/api';
import { job, problemOf, sha256, withBackend } from './BackendRig.ts';

const jobId = randomUUID();
const values: Readonly<Record<string, string>> = { jobId, id: jobId, workerId: jobId, sha256: sha256('') };

test(
  'every route refuses every kind of token it is not for',
  withBackend(async (rig) => {
    await rig.run(job('a'));
    const { token: jobToken } = await (await rig.registerWorker()).start();
    const tokens = { person: rig.personToken, worker: rig.workerToken, job: jobToken };
    for (const [name, route] of Object.entries<Route>(backendRoutes)) {
      if (route.access.includes('public')) continue;
      const path = route.path.replaceAll(/\{(\w+)\}/g, (_, key: string) => values[key] ?? '');
      const call = async (authorization: string | null) => {
        const headers: Record<string, string> = authorization === null ? {} : { authorization };
        const response = await fetch(rig.url + path, { method: route.method, headers });
        await response.arrayBuffer();
        return response.status;
      };
      for (const wrong of [null, 'Bearer xxp_0123456789abcdef', 'Basic abc', `Bearer ${rig.personToken}x`]) {
        assert.equal(await call(wrong), 401, `${name} with ${wrong}`);
      }
      for (const kind of ['person', 'worker', 'job'] as const) {
        if (route.access.includes(kind)) continue;
        assert.equal(await call(`Bearer ${tokens[kind]}`), 403, `${name} with the token of a ${kind}`);
      }
    }
  }),
);

test(
  "one job's token does nothing to another job, unless that is one it needs",
  withBackend(async (rig) => {
    await rig.run(job('a'), job('b'));
    const worker = await rig.registerWorker();
    const [first, second] = [await worker.start(), await worker.start()];
    const { token } = first;
    const of = rig.client(token);
    const { jobId: other } = second;
    const bytes = Buffer.from('x');
    const upload = { jobId: other, name: 'a', size: 1, sha256: sha256(bytes), offset: 0 };
    for (const call of [
      () => of.appendLog({ params: { jobId: other }, query: { offset: 0 }, body: bytes }),
      () => of.uploadArtifact({ query: upload, body: bytes }),
      () => of.updateJobStatus({ body: { jobId: other, status: 'SUCCESS' } }),
      () => of.readLog({ params: { jobId: other }, query: { offset: 0 } }),
      () => of.getJob({ params: { jobId: other } }),
      () => of.getJobStatus({ params: { jobId: other } }),
      () => of.getJobDependencies({ params: { jobId: other } }),
      () => of.downloadArtifacts({ params: { jobId: other } }),
    ]) {
      assert.equal((await problemOf(call())).code, 'forbidden');
    }
    assert.equal((await of.getJob({ params: { jobId: first.jobId } })).body.name, first.jobName);
  }),
);

test(
  'a forged or passed token of an attempt is stale',
  withBackend(async (rig) => {
    await rig.run(job('a', { retry: { max: 1, when: ['always'], exitCodes: [] } }));
    const worker = await rig.registerWorker();
    const first = await worker.start();
    const forged = `${first.token.slice(0, -4)}AAAA`;
    const append = (token: string) =>
      rig.worker.appendLog({ params: { jobId: first.jobId }, query: { offset: 0 }, body: Buffer.from('x') }, { token });
    assert.equal((await problemOf(append(forged))).code, 'stale_attempt');
    await worker.tell(first, { status: 'FAILED', exitCode: 1, failureReason: 'script_failure' });
    const second = await worker.start();
    assert.deepEqual([second.jobId, second.attempt], [first.jobId, 2]);
    assert.equal((await problemOf(append(first.token))).code, 'stale_attempt');
    assert.equal((await problemOf(worker.tell(first, { status: 'SUCCESS' }))).code, 'stale_attempt');
    assert.equal((await append(second.token)).body.nextOffset, 1);
  }),
);

test(
  'a job that needs another one reads its artifacts',
  withBackend(async (rig) => {
    await rig.run(
      job('a', { artifacts: { paths: ['x'], exclude: [], when: 'on_success' } }),
      job('b', { needs: [{ job: 'a', artifacts: true }], artifactsFrom: ['a'] }),
    );
    const worker = await rig.registerWorker();
    const a = await worker.start();
    const archive = Buffer.from('archive');
    const query = { jobId: a.jobId, name: 'out/main', size: archive.length, sha256: sha256(archive) };
    const sent = await rig.worker.uploadArtifact({ query: { ...query, offset: 0 }, body: archive }, { token: a.token });
    assert.deepEqual(sent.body, { complete: true, nextOffset: archive.length });
    await worker.tell(a, { status: 'SUCCESS', exitCode: 0 });
    const b = await worker.start();
    const answer = await rig.client(b.token).downloadArtifacts({ params: { jobId: a.jobId } });
    assert.equal(Buffer.concat(await Array.fromAsync(answer.body)).toString(), 'archive');
  }),
);

test(
  'a worker speaks for itself only: for no other process, and of no attempt it does not have',
  withBackend(async (rig) => {
    const run = await rig.run(job('a'), job('b', { tags: ['nobody'] }));
    const worker = await rig.registerWorker('mine');
    const other = await rig.registerWorker('other');
    const taken = await worker.start();
    const { workerId, instanceId } = worker;
    const attempt = { jobId: taken.jobId, attempt: taken.attempt, token: taken.token };
    const params = { id: run.id };
    const speakAs = (who: { workerId: string; instanceId: string }) => [
      () => rig.worker.heartbeat({ body: { ...who, freeSlots: 1, attempts: [attempt] } }),
      () => rig.worker.pollJobs({ body: { ...who, freeSlots: 1, waitSeconds: 1 } }),
      () => rig.worker.reserveExecution({ params, body: who }),
    ];
    for (const call of speakAs({ workerId, instanceId: randomUUID() })) {
      const problem = await problemOf(call());
      assert.deepEqual([problem.code, /another process/.test(problem.detail ?? '')], ['conflict', true]);
    }
    for (const call of speakAs({ workerId: randomUUID(), instanceId })) {
      const problem = await problemOf(call());
      assert.deepEqual([problem.code, /not registered/.test(problem.detail ?? '')], ['not_found', true]);
    }
    const lostFor = async (who: { workerId: string; instanceId: string }, token: string) => {
      const { workerId, instanceId } = who;
      const body = { workerId, instanceId, freeSlots: 1, attempts: [{ ...attempt, token }] };
      return (await rig.worker.heartbeat({ body })).body.lost.map(({ jobId }) => jobId);
    };
    assert.deepEqual(await lostFor(other, taken.token), [taken.jobId]);
    assert.deepEqual(await lostFor(worker, `${taken.token.slice(0, -4)}AAAA`), [taken.jobId]);
    assert.deepEqual(await lostFor(worker, taken.token), []);
  }),
);

test(
  'no token is in the database, the log or an answer',
  withBackend(async (rig) => {
    await rig.run(job('a'));
    const { token, jobId: id } = await (await rig.registerWorker()).start();
    await fetch(`${rig.url}/api/workers?token=${rig.personToken}`);
    const record = JSON.stringify((await rig.person.getJob({ params: { jobId: id } })).body);
    await rig.restart();
    const database = await readFile(join(rig.directory, 'xx.sqlite'), 'latin1');
    for (const secret of [token, rig.personToken, rig.workerToken]) {
      assert(!record.includes(secret) && !database.includes(secret) && !rig.logged.join('').includes(secret));
    }
  }),
);
