import assert from 'node:assert/strict';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Rig } from './rig/Rig.ts';
import type { Finished } from './rig/RunningProgram.ts';

const fine = 'job: {image: "busybox:latest", script: ["true"]}\n';

interface Case {
  readonly title: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly code: number;
  readonly says: RegExp;
}

const cases: readonly Case[] = [
  { title: 'an unknown command is wrong usage', args: ['frobnicate'], code: 2, says: /frobnicate/ },
  { title: 'an unknown option is wrong usage', args: ['check', '--frobnicate'], code: 2, says: /--frobnicate/ },
  { title: 'a value outside its choices is wrong usage', args: ['check', '-o', 'pdf'], code: 2, says: /pdf/ },
  {
    title: 'an invalid pipeline file',
    files: { '.gitlab-ci.yml': 'job: {}\n' },
    args: ['check'],
    code: 2,
    says: /script/,
  },
  {
    title: 'running an invalid pipeline file',
    files: { '.gitlab-ci.yml': 'job: {}\n' },
    args: ['run', '--local'],
    code: 2,
    says: /script/,
  },
  { title: 'no pipeline file at all', args: ['run', '--local'], code: 2, says: /no pipeline file/ },
  { title: 'a file that is not there', args: ['check', '-f', 'missing.yml'], code: 2, says: /missing\.yml/ },
  {
    title: 'a folder instead of a file',
    files: { 'folder/a': '' },
    args: ['check', '-f', 'folder'],
    code: 2,
    says: /folder/,
  },
  {
    title: 'a job that the file does not have',
    files: { '.gitlab-ci.yml': fine },
    args: ['run', '--local', '--job', 'nope'],
    code: 2,
    says: /nope/,
  },
  {
    title: 'a variable without a name',
    files: { '.gitlab-ci.yml': fine },
    args: ['run', '--local', '--var', '=x'],
    code: 2,
    says: /=x/,
  },
  {
    title: 'no engine behind DOCKER_HOST',
    files: { '.gitlab-ci.yml': fine },
    args: ['run', '--local'],
    env: { DOCKER_HOST: 'unix:///nowhere/docker.sock' },
    code: 3,
    says: /nowhere\/docker\.sock/,
  },
  {
    title: 'a pipeline that fails',
    files: { '.gitlab-ci.yml': 'job: {image: "busybox:latest", script: [exit 4]}\n' },
    args: ['run', '--local'],
    code: 1,
    says: /exit code 4/i,
  },
  {
    title: 'a state directory that cannot be made',
    files: { '.gitlab-ci.yml': fine },
    args: ['run', '--local'],
    env: { XX_HOME: '/dev/null/nothing' },
    code: 3,
    says: /\/dev\/null\/nothing/,
  },
  {
    title: 'a repository that cannot be cloned',
    args: ['run', '--local', '--repo', '/no/such/repository'],
    code: 2,
    says: /no\/such\/repository/,
  },
];

for (const { title, files, args, env, code, says } of cases) {
  test(`${title} ends with ${code} and one message`, async () => {
    await using rig = await Rig.make(files);
    const result = await rig.start(args, env === undefined ? {} : { env }).ended();
    assert.equal(result.code, code, result.stdout + result.stderr);
    assert.match(result.stdout + result.stderr, says);
    assertNoStackTrace(result);
  });
}

test('a file without permission to read it is one clear message', async () => {
  await using rig = await Rig.make({ '.gitlab-ci.yml': fine });
  const file = join(rig.repository, '.gitlab-ci.yml');
  await chmod(file, 0);
  // Root may read everything: for root there must be no difference.
  const result = await rig.xx('check');
  if (process.getuid?.() === 0) {
    assert.equal(result.code, 0);
  } else {
    assert.equal(result.code, 2);
    assert.match(result.stderr, /permission denied/i);
  }
  assertNoStackTrace(result);
});

test('nothing to run is a success that says so', async () => {
  await using rig = await Rig.make({ '.gitlab-ci.yml': `${fine.trim().slice(0, -1)}, rules: [{if: $NEVER}]}\n` });
  const result = await rig.expect(0, 'run', '--local', '-o', 'json');
  assert.equal((JSON.parse(result.stdout) as { status: string }).status, 'NOT_CREATED');
  assert.deepEqual(await rig.reports(), []);
});

test('output that nobody reads ends the command quietly', async () => {
  await using rig = await Rig.make({ '.gitlab-ci.yml': fine });
  const program = rig.start(['dry-run', '-o', 'json']);
  program.closeOutput();
  const result = await program.ended();
  assertNoStackTrace(result);
});

function assertNoStackTrace({ stdout, stderr }: Finished): void {
  assert.doesNotMatch(stdout + stderr, /^\s+at .+:\d+:\d+\)?$/m, 'a stack trace');
  assert.doesNotMatch(stdout + stderr, /this is a bug/);
}
