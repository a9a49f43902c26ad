// `xx run --repo URL`: workers fetch the commit from a git server themselves.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Report } from '@xx-pipeline/common';
import { jobOf, Rig } from '../rig/Rig.ts';
import { ServiceRig } from '../rig/ServiceRig.ts';
import { GitServer } from './GitServer.ts';

const pipeline = `
image: busybox:latest
show:
  script: [cat word.txt, 'echo "at $CI_COMMIT_SHA"', test -z "$(ls untracked.txt 2>/dev/null)"]
`;

async function makeProject(): Promise<{ rig: Rig; first: string; second: string; elsewhere: string }> {
  const rig = await Rig.make({ '.xx-pipeline.yml': pipeline, 'word.txt': 'one\n' });
  const first = rig.git('rev-parse', 'HEAD').trim();
  await rig.write({ 'word.txt': 'two\n' });
  rig.commit();
  const second = rig.git('rev-parse', 'HEAD').trim();
  // What nobody has committed is not what the address means.
  await rig.write({ 'untracked.txt': 'x', 'word.txt': 'three\n' });
  const elsewhere = join(rig.home, 'elsewhere');
  await mkdir(elsewhere);
  return { rig, first, second, elsewhere };
}

test('a run of an address has its commit fetched by the client to check it and by the worker to run it', async () => {
  const { rig: project, first, second, elsewhere } = await makeProject();
  await using rig = project;
  await using server = await GitServer.start(join(rig.repository, '..'));
  await using services = await ServiceRig.make();
  await services.startBackend();
  await services.startWorker('one');
  const run = async (...args: string[]) => {
    const before = server.fetches;
    const options = { cwd: elsewhere, env: services.clientEnvironment };
    const { code, stdout, stderr } = await rig.start(['run', '-o', 'json', ...args], options).ended();
    assert.equal(code, 0, stdout + stderr);
    return { report: JSON.parse(stdout) as Report, fetches: server.fetches - before };
  };
  const logOf = async (report: Report) => {
    const { body } = await services.api.readLog({ params: { jobId: jobOf(report, 'show').id }, query: { attempt: 1 } });
    return await new Response(ReadableStream.from(body)).text();
  };
  const url = server.url('repository');

  const older = await run('--repo', url, '--commit', first);
  assert.deepEqual([older.report.commit, older.report.repository], [first, url]);
  assert.match(await logOf(older.report), new RegExp(`^one$[^]*^at ${first}$`, 'm'));
  assert.ok(older.fetches >= 2, `${older.fetches} fetches`);

  // Workers may not read paths of their own disk: of a path, or file://, the files are sent.
  const newest = await run('--repo', url, '--branch', 'main');
  assert.match(await logOf(newest.report), new RegExp(`^two$[^]*^at ${second}$`, 'm'));
  const path = await run('--repo', `file://${rig.repository}`);
  assert.match(await logOf(path.report), /^two$/m);
  assert.equal(path.fetches, 0);
});

test('a git server that is gone when the worker asks is the reason of the failure', async () => {
  const { rig: project, elsewhere } = await makeProject();
  await using rig = project;
  await using services = await ServiceRig.make();
  await services.startBackend();
  const options = { cwd: elsewhere, env: services.clientEnvironment };
  {
    await using server = await GitServer.start(join(rig.repository, '..'));
    const args = ['run', '--detach', '--repo', server.url('repository')];
    assert.equal((await rig.start(args, options).ended()).code, 0);
  }
  const watching = rig.start(['logs', '-f', '1'], options);
  await services.startWorker('one');
  const { code, stdout, stderr } = await watching.ended();
  assert.equal(code, 0, stderr);
  assert.match(stdout, /show ✗ failed/);
  assert.match(stdout, /cannot fetch \(git:\/\/127\.0\.0\.1:\d+\/repository\)/);
});
