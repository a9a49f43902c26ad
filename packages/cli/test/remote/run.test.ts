import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '@xx-pipeline/testing';
import { RemoteRig } from './RemoteRig.ts';

const mixed = `
stages: [build, test, deploy]
image: busybox
build:
  stage: build
  script: [print compiling, write out/app built]
  artifacts: { paths: [out] }
lint:
  stage: test
  script: [print linting, warn a bad line, exit 3]
  allow_failure: true
test:
  stage: test
  script: [print checking, read out/app]
  after_script: [print done]
docs:
  stage: test
  script: [print writing]
  when: manual
  allow_failure: true
deploy:
  stage: deploy
  script: ["print deploying", "fail"]
  retry: 1
after:
  stage: deploy
  needs: [deploy]
  script: [print never]
`;

const quick = 'stages: [test]\nimage: busybox\nhello: { script: [print hello] }\n';

test('the exit code says how a run on a server ended, and its failures are shown with their last lines', async () => {
  await using rig = await RemoteRig.start({ '.xx-pipeline.yml': mixed });
  const { stdout, stderr, exitCode } = await rig.run(['run']);
  assert.equal(exitCode, 1, stderr);
  assert.match(stdout, /^✗ deploy failed, exit code 1 in: fail$/m);
  assert.match(stdout, /^! lint failed \(allowed\), exit code 3 in: exit 3$/m);
  assert.match(stdout, /^test +│ built$/m);
  assert.match(stderr, /xx logs [0-9a-f-]{36} deploy/);
});

test('the same file gives the same table and report here and on a server, apart from ids, times and places', async () => {
  const { runOnScriptedMachine } = await import('./run-on-scripted-machine.ts');
  await using rig = await RemoteRig.start({ '.xx-pipeline.yml': mixed });
  const local = await runOnScriptedMachine(rig.repository, rig.directory);
  const remote = await rig.run(['run']);
  assert.deepEqual(sortedLines(remote.stdout), sortedLines(local.stdout));
  const report = await rig.run(['report', '--run', '1', '-o', 'json']);
  assert.deepEqual(comparable(JSON.parse(report.stdout)), comparable(local.report));
});

test('a job that is played knows it, whether it is played with the run or later', async () => {
  const file = `
stages: [test]
image: busybox
ask: { script: ["print asked: $CI_JOB_MANUAL"], when: manual }
other: { script: ["print other: $CI_JOB_MANUAL"], when: manual }
plain: { script: ["print plain: $CI_JOB_MANUAL"] }
`;
  await using rig = await RemoteRig.start({ '.xx-pipeline.yml': file });
  const { stdout, exitCode } = await rig.run(['run', '--play', 'ask']);
  assert.equal(exitCode, 0, stdout);
  assert.match(stdout, /asked: true$/m);
  assert.match(stdout, /plain: ?$/m);
  assert.equal((await rig.run(['play', '1', 'other'])).exitCode, 0);
  const { stdout: log } = await rig.run(['logs', '-f', '1', 'other']);
  assert.match(log, /^other: true$/m);
});

test('a manual job that blocks leaves the run waiting, which is no failure', async () => {
  await using rig = await RemoteRig.startWith(
    'stages: [a, b]\nimage: busybox\nask: { stage: a, script: [print go], rules: [{ when: manual }] }\nthen: { stage: b, script: [print on] }\n',
  );
  const { stderr, exitCode } = await rig.run(['run']);
  assert.equal(exitCode, 0);
  assert.match(stderr, /the pipeline waits for manual jobs: ask \(xx play/);
});

test('with -o json the report is all there is on standard output', async () => {
  await using rig = await RemoteRig.start({ '.xx-pipeline.yml': quick });
  const { stdout, exitCode } = await rig.run(['run', '-o', 'json']);
  assert.equal(exitCode, 0);
  assert.equal(JSON.parse(stdout).status, 'SUCCESS');
});

test('the first Ctrl-C cancels the run on the server and waits for its end', async () => {
  await using rig = await RemoteRig.startWith(
    'stages: [a]\nimage: busybox\nlong: { stage: a, script: [print begun, sleep 1000] }\n',
  );
  const running = await rig.startUntil(['run'], 'begun');
  running.interrupt.abort(new DOMException('interrupted by SIGINT', 'AbortError'));
  assert.equal(await running.exitCode, 130);
  assert.match(running.stdout.text, /long ■ canceled/);
  assert.match(running.stdout.text, /#1: ■ canceled .*: interrupted by SIGINT/);
});

test('the second Ctrl-C leaves the run to the server', async () => {
  await using rig = await RemoteRig.startWith(
    'stages: [a]\nimage: busybox\nlong: { stage: a, script: [print begun, hang] }\n',
  );
  const running = await rig.startUntil(['run'], 'begun');
  running.interrupt.abort(new DOMException('interrupted by SIGINT', 'AbortError'));
  await until('the cancel to be told', () => running.stderr.text.includes('canceling the run'));
  running.kill.abort(new DOMException('interrupted twice by SIGINT', 'AbortError'));
  assert.equal(await running.exitCode, 130);
  assert.match(running.stderr.text, /the run continues on the server: xx status/);
});

test('--detach prints the id and goes', async () => {
  await using rig = await RemoteRig.start({ '.xx-pipeline.yml': quick });
  const { stdout, stderr, exitCode } = await rig.run(['run', '--detach']);
  assert.equal(exitCode, 0);
  assert.match(stdout, /^[0-9a-f-]{36}\n$/);
  assert.match(stderr, /demo #1 created/);
});

test('a file with mistakes is not sent', async () => {
  await using rig = await RemoteRig.start({ '.xx-pipeline.yml': 'hello: { script: [a], scirpt: [b] }\n' });
  const { stderr, exitCode } = await rig.run(['run']);
  assert.equal(exitCode, 2);
  assert.match(stderr, /scirpt/);
  const { body } = await rig.client.api.listExecutions({});
  assert.deepEqual(body.executions, []);
});

test('secrets reach the jobs, and nothing that is shown', async () => {
  await using rig = await RemoteRig.startWith(
    'stages: [a]\nimage: busybox\nuse: { stage: a, script: ["print it is $PASSWORD"] }\n',
  );
  const ran = await rig.run(['run', '--secret', 'PASSWORD=correct-horse', '-o', 'ndjson']);
  assert.equal(ran.exitCode, 0);
  assert.match(ran.stdout, /it is \[MASKED\]/);
  const report = await rig.run(['report', '--run', '1', '-o', 'json']);
  assert.doesNotMatch(ran.stdout + ran.stderr + report.stdout + rig.logged.join(''), /correct-horse/);
});

/** Jobs of one stage run side by side: their lines come in any order, and each line tells its job. */
function sortedLines(text: string): string[] {
  return text
    .replaceAll(/\d+(\.\d+)?(s|ms)\b/g, 'TIME')
    .replaceAll(/ *TIME/g, ' TIME')
    .replaceAll(/^ +whole log: .*\n/gm, '')
    .split('\n')
    .sort();
}

function comparable(value: unknown, key = ''): unknown {
  if (/^(id|createdAt|startedAt|completedAt|timings|log|path|sha256|size|trigger)$/.test(key))
    return value === null ? null : key;
  if (Array.isArray(value)) return value.map((item) => comparable(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, comparable(item, name)]));
}
