import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { type ApiTransport, backendRoutes, createApiClient, type Route } from '@xx-pipeline/common/api';
import { NodeTransport } from '@xx-pipeline/service/http';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { type BackendRig, executionOf, job, sha256, textOf, withBackend } from './BackendRig.ts';

interface Recorded {
  readonly route: Route;
  readonly name: string;
  readonly status: number;
  readonly text: string;
}

/** A client that notes what the server really sent. */
function recordingClient(rig: BackendRig, token: string, into: Recorded[]) {
  const http = new NodeTransport({ baseUrl: rig.url });
  const transport: ApiTransport = {
    send: async (request) => {
      const answer = await http.send(request);
      const path = request.path.split('?')[0] ?? '';
      const found = Object.entries<Route>(backendRoutes).find(
        ([, route]) =>
          route.method === request.method && new RegExp(`^${route.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path),
      );
      assert(found, `${request.method} ${path}`);
      const [name, route] = found;
      if (!String(answer.headers['content-type']).includes('json')) {
        into.push({ route, name, status: answer.status, text: '' });
        return answer;
      }
      const text = await textOf(answer.body);
      into.push({ route, name, status: answer.status, text });
      return {
        ...answer,
        body: (async function* () {
          yield Buffer.from(text);
        })(),
      };
    },
  };
  return { client: createApiClient(backendRoutes, { transport, token }), close: () => http.close() };
}

test(
  'a run from its snapshot to its report touches every operation, and every answer fits the description',
  withBackend(async (rig) => {
    const answers: Recorded[] = [];
    const { client: person, close: closePerson } = recordingClient(rig, rig.personToken, answers);
    const { client: worker, close: closeWorker } = recordingClient(rig, rig.workerToken, answers);

    // The source.
    const content = Buffer.from('content\n');
    const digest = sha256(content);
    const tree = {
      files: [
        { path: 'src/a.txt', sha256: digest, size: content.length, executable: false },
        { path: 'src/b.txt', sha256: sha256('short'), size: 5, executable: false },
        { path: 'link', link: 'src/a.txt' },
      ],
    };
    const offered = await person.offerSnapshot({ body: tree });
    assert.deepEqual(offered.body.missing.toSorted(), [digest, sha256('short')].toSorted());
    await person.putBlob({ params: { sha256: digest }, body: content });
    const many = Buffer.from('\0\0\0\x05short\0\0\0\0');
    assert.deepEqual((await person.putBlobs({ body: many })).body.digests, [sha256('short'), sha256('')]);
    const again = await person.offerSnapshot({ body: tree });
    assert.deepEqual(again.body, { id: offered.body.id, missing: [] });
    const archive = await worker.downloadSnapshot({ params: { sha256: again.body.id } });
    assert.match(await textOf(archive.body), /content/);

    // The run.
    const request = {
      ...executionOf(
        job('a', { artifacts: { paths: ['x'], exclude: [], when: 'on_success' } }),
        job('b', { needs: [{ job: 'a', artifacts: true }], artifactsFrom: ['a'] }),
        job('m', { when: 'manual', stage: 'late' }),
      ),
      source: { kind: 'snapshot', id: again.body.id } as const,
    };
    const key = { headers: { 'idempotency-key': 'once' } };
    const { body: run } = await person.createExecution({ body: request }, key);
    assert.equal((await person.createExecution({ body: request }, key)).body.id, run.id);
    assert.equal(run.runNumber, 1);
    const params = { id: run.id };

    // The worker.
    const identity = { workerId: randomUUID(), instanceId: randomUUID() };
    await worker.registerWorker({ body: { ...identity, name: 'w', slots: 2, version: '1' } });
    assert.deepEqual((await worker.reserveExecution({ params, body: identity })).body, {
      pipelineExecutionId: run.id,
      jobs: 3,
    });
    const take = async () => {
      const { body } = await worker.pollJobs({ body: { ...identity, freeSlots: 1, waitSeconds: 20 } });
      const [first] = body.jobs;
      assert(first?.token !== undefined && first.attempt !== undefined, 'a job comes');
      return { jobId: first.jobId, attempt: first.attempt, token: first.token };
    };
    const a = await take();
    const asJob = { token: a.token };
    const held = { jobId: a.jobId, attempt: a.attempt, token: a.token };
    await worker.heartbeat({ body: { ...identity, freeSlots: 1, attempts: [held] } });
    await worker.updateJobStatus({ body: { jobId: a.jobId, status: 'RUNNING' } }, asJob);
    const upcoming = await worker.getUpcomingJobs({ params: { jobId: a.jobId }, query: { limit: 1 } }, asJob);
    assert.deepEqual(
      upcoming.body.jobs.map(({ jobName, attempt, after }) => [jobName, attempt, after]),
      [['b', 1, [a.jobId]]],
    );
    await worker.appendLog({ params: { jobId: a.jobId }, query: { offset: 0 }, body: Buffer.from('hi\n') }, asJob);
    const upload = { jobId: a.jobId, name: 'a', size: 4, sha256: sha256('data') };
    await worker.uploadArtifact({ query: { ...upload, offset: 0 }, body: Buffer.from('data') }, asJob);
    const timings = { queue: 1, pull: 2, prepare: 3, script: 4, artifacts: 5 };
    await worker.updateJobStatus({ body: { jobId: a.jobId, status: 'SUCCESS', exitCode: 0, timings } }, asJob);
    const b = await take();
    const dependencies = await worker.getJobDependencies({ params: { jobId: b.jobId } }, { token: b.token });
    assert.deepEqual(
      dependencies.body.dependencies.map(({ jobName, status }) => [jobName, status]),
      [['a', 'SUCCESS']],
    );
    const artifacts = await worker.downloadArtifacts({ params: { jobId: a.jobId } }, { token: b.token });
    assert.equal(artifacts.headers['content-length'], '4');
    assert.equal(await textOf(artifacts.body), 'data');
    await worker.updateJobStatus({ body: { jobId: b.jobId, status: 'FAILED', exitCode: 3 } }, { token: b.token });

    // People look.
    const record = await person.getJob({ params: { jobId: a.jobId } });
    assert.deepEqual([record.body.status, record.body.attempts[0]?.artifacts[0]?.size], ['SUCCESS', 4]);
    assert.equal((await person.getJobStatus({ params: { jobId: b.jobId } })).body.status, 'FAILED');
    assert.equal(await textOf((await person.readLog({ params: { jobId: a.jobId } })).body), 'hi\n');
    await Array.fromAsync((await person.followLog({ params: { jobId: a.jobId } })).body);
    assert.equal((await person.getExecution({ params })).body.status, 'FAILED');
    assert.equal((await person.listExecutions({ query: { pipeline: 'test', limit: 5 } })).body.executions.length, 1);
    const events = await Array.fromAsync((await person.followExecution({ params })).body);
    assert.equal(events.at(-1)?.event, 'finished');

    // People act.
    assert.equal((await person.retryJob({ params: { jobId: b.jobId } })).body.attempts.length, 1);
    const second = await take();
    assert.deepEqual([second.jobId, second.attempt], [b.jobId, 2]);
    await worker.updateJobStatus({ body: { jobId: b.jobId, status: 'SUCCESS' } }, { token: second.token });
    const manual = (await person.getExecution({ params })).body.jobs.find(({ name }) => name === 'm');
    assert.equal(manual?.status, 'MANUAL');
    await person.playJob({ params: { jobId: manual.id }, body: { variables: [{ name: 'WHO', value: 'me' }] } });
    const played = await take();
    const cancel = await person.cancelJob({ params: { jobId: manual.id } });
    assert.equal(cancel.status, 202);
    await worker.updateJobStatus({ body: { jobId: manual.id, status: 'CANCELED' } }, { token: played.token });
    await person.retryExecution({ params });
    await person.cancelExecution({ params, body: { reason: 'enough' } });
    const { body: plan } = await person.getPlan({ params });
    assert.deepEqual(
      plan.stages.flatMap(({ jobs }) => jobs.map(({ name }) => name)),
      (await person.getExecution({ params })).body.jobs.map(({ name }) => name),
    );
    const { body: report } = await person.getReport({ params });
    assert.equal((report as { runNumber: number }).runNumber, 1);
    assert.deepEqual((await person.listReports()).body.reports, [report]);
    const { body: workers } = await person.listWorkers();
    assert.deepEqual(
      workers.workers.map(({ name, state }) => [name, state]),
      [['w', 'online']],
    );
    const drained = await person.drainWorker({ params: { workerId: identity.workerId } });
    assert.equal(drained.body.state, 'draining');

    // The service.
    assert.equal((await person.version()).body.version, '0.0.0-test');
    assert.equal((await person.alive()).body.status, 'ok');
    assert.deepEqual((await person.ready()).body, { status: 'ok', checks: { database: 'ok' } });
    const { body: metrics } = await person.metrics();
    assert(metrics.includes('\nxx_job_start_seconds_count 1\n'), 'one job was told of as started');
    assert(metrics.includes('\nxx_log_bytes_total 3\n'));
    const document = (await person.openapi()).body;

    closePerson();
    closeWorker();
    const succeeded = new Set(answers.filter(({ status }) => status < 300).map(({ name }) => name));
    assert.deepEqual([...succeeded].toSorted(), Object.keys(backendRoutes).toSorted());
    checkAnswers(document, answers);
  }),
);

/** Every JSON answer against the schema that the served description gives for it. */
function checkAnswers(document: unknown, answers: readonly Recorded[]): void {
  const { paths } = document as {
    paths: Record<
      string,
      Record<string, { responses: Record<string, { content?: Record<string, { schema?: object }> }> }>
    >;
  };
  const ajv = new Ajv2020({ strict: false, formats: { uuid: true, uri: true } });
  let checked = 0;
  for (const { route, name, status, text } of answers) {
    const responses = paths[route.path]?.[route.method.toLowerCase()]?.responses;
    assert(responses, `${name} is described`);
    const described = responses[status];
    assert(described, `${name} says that it may answer ${status}`);
    const schema = described.content?.['application/json']?.schema;
    if (schema === undefined || text === '') continue;
    const validate = ajv.compile(schema);
    assert(validate(JSON.parse(text)), `${name}: ${ajv.errorsText(validate.errors)}`);
    checked++;
  }
  assert(checked > 30, `${checked} answers were checked`);
}
