import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { test } from 'node:test';
import type { PipelinePlan } from '@xx-pipeline/common';
import { protocolHeader, protocolVersion } from '@xx-pipeline/common/api';
import { needing } from '@xx-pipeline/testing';
import { executionOf, job, problemOf, sha256, textOf, withBackend } from './BackendRig.ts';

test(
  'a request with many mistakes is told all of them',
  withBackend(async (rig) => {
    const response = await fetch(`${rig.url}/api/pipelines/executions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${rig.personToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        ...executionOf(job('a')),
        pipeline: '',
        source: { kind: 'git', url: 'x', commit: 'HEAD' },
        variables: [{ name: 5 }],
        futureField: {},
      }),
    });
    assert.equal(response.status, 400);
    const { errors, code } = (await response.json()) as { errors: { pointer: string }[]; code: string };
    assert.equal(code, 'bad_request');
    assert.deepEqual(
      errors.map(({ pointer }) => pointer),
      ['/pipeline', '/source/commit', '/variables/0/name', '/variables/0/value'],
    );
  }),
);

test(
  'a plan that no checker made is refused with the places that are wrong',
  withBackend(async (rig) => {
    const send = (plan: unknown) =>
      rig.person.createExecution({ body: { ...executionOf(job('a')), plan: plan as PipelinePlan } });
    for (const plan of [
      null,
      5,
      {},
      { schemaVersion: 1, stages: [] },
      { ...executionOf(job('a')).plan, stages: [{ name: 'test', jobs: [{ name: 'a' }] }] },
      executionOf(job('a'), job('a')).plan,
      executionOf(job('a', { needs: [{ job: 'nobody', artifacts: true }] })).plan,
    ]) {
      const problem = await problemOf(send(plan));
      assert.equal(problem.status, 400, JSON.stringify(plan));
      assert.match(problem.errors?.[0]?.pointer ?? '', /^\/plan/);
    }
    const circle = executionOf(job('a', needing('b')), job('b', needing('a'))).plan;
    assert.deepEqual((await problemOf(send(circle))).errors, [
      { pointer: '/plan/stages', message: 'needs go in a circle' },
    ]);
    assert.deepEqual((await rig.person.listExecutions()).body.executions, []);
  }),
);

test(
  'what is not there is not found, whatever one wants with it',
  withBackend(async (rig) => {
    const [jobId, id] = [randomUUID(), randomUUID()];
    const { person } = rig;
    for (const call of [
      () => person.getJob({ params: { jobId } }),
      () => person.getJobStatus({ params: { jobId } }),
      () => person.getJobDependencies({ params: { jobId } }),
      () => person.readLog({ params: { jobId } }),
      () => person.followLog({ params: { jobId } }),
      () => person.appendLog({ params: { jobId }, query: { offset: 0 }, body: Buffer.from('x') }),
      () => person.downloadArtifacts({ params: { jobId } }),
      () => person.updateJobStatus({ body: { jobId, status: 'RUNNING' } }),
      () => person.playJob({ params: { jobId }, body: {} }),
      () => person.retryJob({ params: { jobId } }),
      () => person.cancelJob({ params: { jobId } }),
      () => person.getExecution({ params: { id } }),
      () => person.followExecution({ params: { id } }),
      () => person.cancelExecution({ params: { id } }),
      () => person.retryExecution({ params: { id } }),
      () => person.getReport({ params: { id } }),
      () => person.downloadSnapshot({ params: { sha256: sha256('nothing') } }),
      () => person.drainWorker({ params: { workerId: id } }),
    ]) {
      assert.equal((await problemOf(call())).code, 'not_found');
    }
  }),
);

test(
  'what is not possible in a state is a conflict',
  withBackend(async (rig) => {
    const run = await rig.run(job('a'));
    const [record] = run.jobs;
    assert(record);
    const { person } = rig;
    assert.equal((await problemOf(person.playJob({ params: { jobId: record.id }, body: {} }))).code, 'conflict');
    assert.equal((await problemOf(person.retryJob({ params: { jobId: record.id } }))).code, 'conflict');
    const missing = { ...executionOf(job('a')), source: { kind: 'snapshot', id: sha256('nothing') } as const };
    assert.equal((await problemOf(person.createExecution({ body: missing }))).code, 'snapshot_incomplete');
  }),
);

test(
  'a tree cannot leave its directory',
  withBackend(async (rig) => {
    const file = (path: string) => ({ path, sha256: sha256('x'), size: 1, executable: false });
    const cases: readonly [problem: RegExp, files: Parameters<typeof rig.person.offerSnapshot>[0]['body']['files']][] =
      [
        [/leaves/, [file('../a')]],
        [/leaves/, [file('a/../../b')]],
        [/absolute/, [file('/etc/passwd')]],
        [/segment/, [file('a//b')]],
        [/segment/, [file('./a')]],
        [/NUL/, [file('a\0b')]],
        [/twice/, [file('a'), file('a')]],
        [/below "a"/, [{ path: 'a', link: '/etc' }, file('a/passwd')]],
        [/also a directory/, [file('a/passwd'), { path: 'a', link: '/etc' }]],
      ];
    for (const [expected, files] of cases) {
      const problem = await problemOf(rig.person.offerSnapshot({ body: { files } }));
      assert.equal(problem.code, 'bad_request');
      assert.match(problem.errors?.[0]?.message ?? '', expected);
    }
  }),
);

test(
  'contents and archives must have the digest that was said',
  withBackend(async (rig) => {
    const blob = await problemOf(rig.person.putBlob({ params: { sha256: sha256('a') }, body: Buffer.from('b') }));
    assert.deepEqual([blob.status, blob.code], [422, 'checksum_mismatch']);
    for (const torn of ['\0\0', '\0\0\0\x05shor', '\xff\xff\xff\xffx']) {
      const many = await problemOf(rig.person.putBlobs({ body: Buffer.from(torn, 'latin1') }));
      assert.deepEqual([many.status, many.code], [400, 'bad_request']);
    }
    await rig.run(job('a'));
    const { jobId, token } = await (await rig.registerWorker()).start();
    const upload = (query: object, bytes: string) =>
      rig.worker.uploadArtifact(
        { query: { jobId, name: 'a', size: 4, sha256: sha256('data'), offset: 0, ...query }, body: Buffer.from(bytes) },
        { token },
      );
    assert.equal((await problemOf(upload({}, 'DATA'))).code, 'checksum_mismatch');
    assert.equal((await problemOf(upload({}, 'data and more'))).code, 'too_large');
    assert.equal((await problemOf(upload({ offset: 9 }, ''))).code, 'bad_request');
    assert.equal((await problemOf(upload({ size: 2 ** 40 }, 'x'))).code, 'too_large');
    for (const name of ['../a', 'a/../b', '/a', '..', 'a\\..\\b', 'a\nb', 'a\0']) {
      const problem = await problemOf(upload({ name }, 'data'));
      assert.deepEqual([problem.code, problem.errors?.[0]?.pointer], ['bad_request', '/query/name'], name);
    }
    const gap = await problemOf(upload({ offset: 2 }, 'ta'));
    assert.deepEqual([gap.code, gap.nextOffset], ['offset_gap', 0]);
    assert.deepEqual((await upload({}, 'da')).body, { complete: false, nextOffset: 2 });
    assert.deepEqual((await upload({ offset: 2 }, 'ta')).body, { complete: true, nextOffset: 4 });
    assert.equal(await textOf((await rig.person.downloadArtifacts({ params: { jobId } })).body), 'data');
  }),
);

test(
  'paths that try to leave the API are not found',
  withBackend(async (rig) => {
    for (const path of [
      '/api/jobs/..%2f..%2fetc%2fpasswd',
      '/api/snapshots/%2e%2e/archive',
      '/../../etc/passwd',
      '/%00',
    ]) {
      const status = await new Promise<number | undefined>((resolve, reject) => {
        const headers = { authorization: `Bearer ${rig.personToken}` };
        const sent = request(rig.url, { path, headers }, (response) => {
          response.resume();
          resolve(response.statusCode);
        });
        sent.on('error', reject).end();
      });
      assert(status === 400 || status === 404, `${path}: ${status}`);
    }
  }),
);

test(
  'a body over the limit of its route is refused',
  withBackend(async (rig) => {
    const reason = 'x'.repeat(2 * 1024 * 1024);
    const problem = await problemOf(rig.person.cancelExecution({ params: { id: randomUUID() }, body: { reason } }));
    assert.deepEqual([problem.status, problem.code], [413, 'too_large']);
  }),
);

test(
  'what is too long for its field, or no text at all, is refused at its place',
  withBackend(async (rig) => {
    const run = await rig.run(job('a', { when: 'manual' }));
    const jobId = run.jobs[0]?.id ?? '';
    const send = async (path: string, body: string) => {
      const headers = { authorization: `Bearer ${rig.personToken}`, 'content-type': 'application/json' };
      const response = await fetch(rig.url + path, { method: 'POST', headers, body });
      const { code, errors = [] } = (await response.json()) as { code: string; errors?: { pointer: string }[] };
      return [response.status, code, ...errors.map(({ pointer }) => pointer)];
    };
    const long = 'x'.repeat(1_000_001);
    const update = { jobId, status: 'RUNNING' };
    assert.deepEqual(await send('/api/job/status', JSON.stringify({ ...update, logs: long })), [
      400,
      'bad_request',
      '/logs',
    ]);
    const frames = { offset: 0, frames: long };
    assert.deepEqual(await send('/api/job/status', JSON.stringify({ ...update, log: frames })), [
      400,
      'bad_request',
      '/log/frames',
    ]);
    const variables = [{ name: 'A', value: long }];
    const play = `/api/jobs/${jobId}/play`;
    assert.deepEqual(await send(play, JSON.stringify({ variables }).slice(0, 900_000)), [400, 'bad_request']);
    assert.deepEqual(await send(play, '{"__proto__": {"variables": []}, "variables": 5}'), [
      400,
      'bad_request',
      '/variables',
    ]);
    assert.deepEqual(await send(play, `${'['.repeat(100_000)}${']'.repeat(100_000)}`), [400, 'bad_request', '']);
    const deep = `{"variables": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    assert.equal((await send(play, deep))[0], 400);
    assert.equal((await rig.person.getJob({ params: { jobId } })).body.status, 'MANUAL');
  }),
);

test(
  'an unknown field is ignored in what a person or another version sends, and refused from a process of the same version',
  withBackend(async (rig) => {
    const plan = executionOf(job('a')).plan;
    const [stage] = plan.stages;
    const body = {
      ...executionOf(job('a')),
      more: 1,
      plan: { ...plan, stages: [{ ...stage, jobs: [{ ...stage?.jobs[0], hostname: 'h' }] }] },
    };
    const send = (protocol: Readonly<Record<string, string>>) =>
      fetch(`${rig.url}/api/pipelines/executions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${rig.personToken}`, ...protocol },
        body: JSON.stringify(body),
      });
    assert.equal((await send({})).status, 201);
    assert.equal((await send({ [protocolHeader]: String(protocolVersion + 1) })).status, 201);
    const refused = await send({ [protocolHeader]: String(protocolVersion) });
    assert.equal(refused.status, 400);
    const { errors } = (await refused.json()) as { errors: { pointer: string }[] };
    assert.deepEqual(
      errors.map(({ pointer }) => pointer),
      ['/plan/stages/0/jobs/0/hostname', '/more'],
    );
  }),
);
