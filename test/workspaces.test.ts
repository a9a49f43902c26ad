import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { jobOf, Rig } from './rig/Rig.ts';

const vandal = {
  '.gitlab-ci.yml': `
vandal:
  image: busybox:latest
  script:
    - echo changed > kept.txt
    - rm removed.txt
    - mkdir -p folder && echo new > folder/new.txt
    - chmod 777 kept.txt
    - echo "ignored=$(cat ignored.txt)" "uncommitted=$(cat kept.txt)"
`,
  '.gitignore': 'ignored.txt\n',
  'kept.txt': 'original\n',
  'removed.txt': 'still here\n',
};

test('a job cannot damage the working tree, not even uncommitted or ignored files', async () => {
  await using rig = await Rig.make(vandal);
  await writeFile(join(rig.repository, 'kept.txt'), 'uncommitted\n');
  await writeFile(join(rig.repository, 'ignored.txt'), 'ignored\n');
  const before = rig.git('status', '--porcelain', '--ignored');
  await rig.expect(0, 'run', '--local');
  assert.equal(rig.git('status', '--porcelain', '--ignored'), before);
  assert.equal(await readFile(join(rig.repository, 'kept.txt'), 'utf8'), 'uncommitted\n');
  assert.equal(await readFile(join(rig.repository, 'removed.txt'), 'utf8'), 'still here\n');
  assert.equal((await rig.report()).dirty, true);
});

test('a job sees uncommitted changes', async () => {
  await using rig = await Rig.make({ '.gitlab-ci.yml': 'job: {image: "busybox:latest", script: [cat new.txt]}\n' });
  await rig.write({ 'new.txt': 'not committed 42\n' });
  await rig.expect(0, 'run', '--local');
  assert.match(await rig.log('job'), /not committed 42/);
});

test('--workspace shared lets a job write into the working tree', async () => {
  await using rig = await Rig.make(vandal);
  await rig.expect(0, 'run', '--local', '--workspace', 'shared');
  assert.equal(await readFile(join(rig.repository, 'kept.txt'), 'utf8'), 'changed\n');
});

test('--repo runs a clone at the wanted commit, wherever one stands', async () => {
  await using rig = await Rig.make({
    '.gitlab-ci.yml': 'job: {image: "busybox:latest", script: [cat version.txt]}\n',
    'version.txt': 'v-1\n',
  });
  const first = rig.git('rev-parse', 'HEAD').trim();
  await rig.write({ 'version.txt': 'v-2\n' });
  rig.commit();
  rig.git('branch', 'side', first);

  const elsewhere = { cwd: rig.home };
  const run = async (...args: readonly string[]): Promise<string> => {
    const result = await rig.start(['run', '--local', '--repo', rig.repository, ...args], elsewhere).ended();
    assert.equal(result.code, 0, result.stderr);
    return await rig.log('job');
  };
  assert.match(await run(), /v-2/);
  assert.match(await run('--branch', 'side'), /v-1/);
  assert.match(await run('--commit', first), /v-1/);
  assert.equal((await rig.report()).commit, first);
});

test('one job brings the jobs it needs, and no others', async () => {
  await using rig = await Rig.make({
    '.gitlab-ci.yml': `
image: busybox:latest
stages: [a, b]
needed: {stage: a, script: [echo x > x], artifacts: {paths: [x]}}
other: {stage: a, script: [exit 1]}
wanted: {stage: b, needs: [needed], script: [cat x]}
`,
  });
  await rig.expect(0, 'run', '--local', '--job', 'wanted');
  const report = await rig.report();
  assert.equal(jobOf(report, 'wanted').status, 'SUCCESS');
  assert.deepEqual(
    report.stages.flatMap((stage) => stage.jobs.map(({ name }) => name)),
    ['needed', 'wanted'],
  );
});
