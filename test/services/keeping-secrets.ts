// What a run with a secret leaves in databases, logs, files and arguments, while it runs and when it is over.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { until } from '@xx-pipeline/testing';
import { Rig } from '../rig/Rig.ts';
import { ServiceRig } from '../rig/ServiceRig.ts';
import { SecretSearch } from './SecretSearch.ts';

/** A run that prints its secrets in several ways, fails with them, keeps files, and waits. */
const pipeline = (lastLine: string) => `
stages: [first, second]
image: busybox:latest
talk:
  stage: first
  script: ['echo "$PASSWORD"', 'echo at $PASSWORD.', 'echo kept > kept.txt']
  artifacts: { paths: [kept.txt], name: "of $PASSWORD" }
fails:
  stage: first
  image: "localhost:1/nothing:$TAG"
  script: ['echo never']
  allow_failure: true
labelled:
  stage: first
  tags: ["$TAG"]
  script: ['echo never']
waits:
  stage: second
  needs: [talk]
  script: ['echo "$PASSWORD again"', '${lastLine}']
play:
  stage: second
  needs: []
  when: manual
  allow_failure: true
  script: ['echo "$KEY"']
`;

/** Searches everything that services keep and say; in the worker's folder only when all is told. */
export async function searchForSecrets(kind: { executor: 'docker' | 'scripted'; database?: string }): Promise<void> {
  const mark = randomBytes(6).toString('hex');
  const secrets = {
    PASSWORD: `pass+wörd/?&=%"${mark}" with spaces`,
    TAG: `tag-${mark}`,
    KEY: `key of ${mark}/+`,
  };
  const { executor, database } = kind;
  await using rig = await ServiceRig.make({
    env: { XX_EXECUTOR: executor },
    ...(database === undefined ? {} : { database }),
  });
  const backend = join(rig.directory, 'backend');
  await rig.startBackend();
  await rig.startWorker('one', { push: true });
  await rig.startWorker('two');
  await using client = await Rig.make({ '.xx-pipeline.yml': pipeline(executor === 'docker' ? 'sleep 600' : 'hang') });
  const run = client.start(['run', '--secret', 'PASSWORD', '--secret', 'TAG'], {
    env: { ...rig.clientEnvironment, PASSWORD: secrets.PASSWORD, TAG: secrets.TAG },
  });
  const over = Promise.withResolvers<never>();
  const runs = async () => (await rig.api.listExecutions({ query: { limit: 1 } })).body.executions;
  run.ended().then(({ code, stderr }) => over.reject(new Error(`xx run ended with ${code}: ${stderr}`)), over.reject);
  over.promise.catch(() => {});
  const { id } = await Promise.race([until('the run', async () => (await runs())[0] ?? null), over.promise]);
  const job = async (name: string) => {
    const { jobs } = (await rig.api.getExecution({ params: { id } })).body;
    return jobs.find((one) => one.name === name);
  };
  const played = await until('the manual job', async () => {
    const found = await job('play');
    return found?.status === 'MANUAL' && found;
  });
  const variables = [{ name: 'KEY', value: secrets.KEY, secret: true }];
  await rig.api.playJob({ params: { jobId: played.id }, body: { variables } });
  const ended = (name: string) =>
    until(`${name} to end`, async () => (await job(name))?.attempts[0]?.completedAt ?? null);
  await Promise.all([ended('talk'), ended('fails'), ended('play')]);
  await until('the job that waits to run', async () => (await job('waits'))?.status === 'RUNNING');

  const search = new SecretSearch(Object.values(secrets));
  const everywhere = async () => {
    await search.processes();
    await search.directory(backend);
    if (database !== undefined) await search.postgres(database);
    search.text('what the services say', rig.output);
    const { body } = await rig.api.getReport({ params: { id } });
    search.text('the report', JSON.stringify(body));
    search.text('the run', JSON.stringify((await rig.api.getExecution({ params: { id } })).body));
    search.text('the workers', JSON.stringify((await rig.api.listWorkers()).body));
    search.text('the metrics', (await rig.api.metrics()).body);
  };
  await everywhere();
  assert.deepEqual(search.found, [], 'while it runs');

  await rig.api.cancelExecution({ params: { id } });
  const finished = await run.ended();
  search.text('what xx run shows', finished.stdout + finished.stderr);
  assert.match(finished.stdout, /\[MASKED\]/);
  await rig.stopWorker('one', 'SIGTERM');
  await rig.stopWorker('two', 'SIGTERM');
  await everywhere();
  await rig.stopBackend('SIGTERM');
  await search.directory(rig.directory);
  await search.directory(client.home);
  assert.deepEqual(search.found, [], 'when it is over');
}
