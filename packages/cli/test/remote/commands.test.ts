import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '@xx-pipeline/testing';
import { RemoteRig } from './RemoteRig.ts';

const pipeline = `
stages: [build, deploy]
image: busybox
flaky:
  stage: build
  script: [print trying, read there, print never]
fine:
  stage: build
  script: [print all well, warn but look]
deploy:
  stage: deploy
  when: manual
  script: ["print to $TARGET with $KEY"]
`;

const uuid = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
const time = /\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ/g;

async function ranOnce(text = pipeline): Promise<RemoteRig> {
  const rig = await RemoteRig.start({ '.xx-pipeline.yml': text });
  await rig.run(['run', '-o', 'json']);
  return rig;
}

test('status shows the newest run of this repository, or the one that is named in any way', async () => {
  await using rig = await ranOnce();
  const newest = await rig.run(['status']);
  assert.match(newest.stdout, /^demo #1: ✗ failed/);
  const id = JSON.parse((await rig.run(['status', '-o', 'json'])).stdout).id as string;
  for (const name of ['1', 'demo#1', id]) assert.deepEqual((await rig.run(['status', name])).stdout, newest.stdout);
});

test('status --list and report list the same runs, report filters them', async () => {
  await using rig = await ranOnce();
  await rig.run(['run', '-o', 'json']);
  const listed = await rig.run(['status', '--list']);
  assert.equal(listed.stdout, (await rig.run(['report'])).stdout);
  assert.match(listed.stdout.replaceAll(time, 'TIME'), /demo #2.*\n.*demo #1/);
  assert.equal((await rig.run(['report', '--pipeline', 'other'])).stdout, 'no runs\n');
  assert.equal((await rig.run(['status', '--list', '--status', 'success'])).stdout, 'no runs\n');
  const one = await rig.run(['status', '--list', '--limit', '1']);
  assert.equal(one.stdout.split('\n').length, 3);
  assert.match(one.stderr, /only the newest 1/);
});

test('report --job shows a job with its log, and --stage a stage', async () => {
  await using rig = await ranOnce();
  const job = await rig.run(['report', '--run', '1', '--job', 'fine', '--timestamps']);
  assert.match(job.stdout, /^fine: ✓ success/);
  assert.match(job.stdout, /Z ! but look$/m);
  const stage = JSON.parse((await rig.run(['report', '--stage', 'deploy', '-o', 'json'])).stdout);
  assert.deepEqual([stage.name, stage.status], ['deploy', 'SKIPPED']);
  const data = JSON.parse((await rig.run(['report', '--job', 'fine', '-o', 'json'])).stdout);
  assert.match(data.logText, /all well\n/);
});

test('logs shows what a job printed, in every form', async () => {
  await using rig = await ranOnce();
  assert.match((await rig.run(['logs', '1', 'fine'])).stdout, /^\$ print all well\nall well\n/);
  assert.match((await rig.run(['logs', 'fine', '--raw'])).stdout, /\x1b\[32;1m\$ print all well/);
  assert.match((await rig.run(['logs', 'fine', '-f'])).stdout, /^but look$/m);
  assert.match((await rig.run(['logs', 'fine', '-o', 'ndjson'])).stdout, /"stream":"stderr","text":"but look"\}/);
  assert.match(JSON.parse((await rig.run(['logs', 'fine', '-o', 'json'])).stdout).logText, /but look/);
  const skipped = await rig.run(['logs', '1', 'deploy']);
  assert.deepEqual([skipped.stdout, skipped.stderr], ['', 'deploy has not started: SKIPPED\n']);
});

test('logs -f without a job shows a run as xx run does, while it goes on and afterwards', async () => {
  await using rig = await RemoteRig.startWith(
    'stages: [a, b]\nimage: busybox\none: { stage: a, script: [print first, sleep 1] }\ntwo: { stage: b, script: [print second, fail] }\n',
  );
  const running = await rig.startUntil(['run'], '│ first');
  const watching = rig.start(['logs', '-f']);
  assert.equal(await running.exitCode, 1);
  assert.equal(await watching.exitCode, 0, watching.stderr.text);
  const sorted = (text: string) => text.split('\n').toSorted();
  assert.deepEqual(sorted(watching.stdout.text), sorted(running.stdout.text));
  // Jobs that have all ended come as their logs do.
  const afterwards = await rig.run(['logs', '1', '-f']);
  assert.deepEqual(sorted(afterwards.stdout), sorted(running.stdout.text));
  const lines = (await rig.run(['logs', '-f', '-o', 'ndjson'])).stdout.trim().split('\n');
  assert.equal(JSON.parse(lines.at(-1) ?? '').report.status, 'FAILED');
});

test('Ctrl-C ends the showing of a run and leaves the run alone', async () => {
  await using rig = await RemoteRig.startWith(
    'stages: [a]\nimage: busybox\nslow: { stage: a, script: [print one, sleep 2, print two] }\n',
  );
  await rig.run(['run', '--detach']);
  const watching = await rig.startUntil(['logs', '-f'], '│ one');
  watching.interrupt.abort(new DOMException('interrupted by SIGINT', 'AbortError'));
  assert.equal(await watching.exitCode, 130);
  assert.match((await rig.run(['logs', '1', '-f'])).stdout, /slow ✓ success/);
});

test('the log of a run with one job needs no name, one of a run with several asks which', async () => {
  await using rig = await RemoteRig.startWith('stages: [a]\nimage: busybox\nonly: { stage: a, script: [print one] }\n');
  await rig.run(['run']);
  assert.match((await rig.run(['logs'])).stdout, /^one$/m);
  assert.match((await rig.run(['logs', '1', '--raw'])).stdout, /^one$/m);
  await rig.write({
    '.xx-pipeline.yml':
      'stages: [a]\nimage: busybox\nx: { stage: a, script: [print] }\ny: { stage: a, script: [print] }\n',
  });
  await rig.run(['run']);
  for (const args of [['logs'], ['logs', 'demo#2']]) {
    const { stderr, exitCode } = await rig.run(args);
    assert.equal(exitCode, 2);
    assert.match(
      stderr,
      /demo #2 has several jobs: name one\n {2}help: its jobs: x, y; for all of them: xx logs [0-9a-f-]{36} -f/,
    );
  }
  const { stderr } = await rig.run(['logs', '2', '-f', '--raw']);
  assert.match(stderr, /--raw needs the name of a job/);
});

test('logs -f goes on until the job has ended', async () => {
  await using rig = await RemoteRig.startWith(
    'stages: [a]\nimage: busybox\nslow: { stage: a, script: [print one, sleep 2, print two] }\n',
  );
  await rig.run(['run', '--detach']);
  const following = await rig.startUntil(['logs', 'slow', '-f'], '\none\n');
  assert.doesNotMatch(following.stdout.text, /^two$/m);
  assert.equal(await following.exitCode, 0);
  assert.match(following.stdout.text, /^two$/m);
});

test('logs -f of a job that is tried again goes on over the end that its run has had before', async () => {
  await using rig = await RemoteRig.startWith(
    'stages: [a]\nimage: busybox\nlate: { stage: a, script: [print at last] }\n',
  );
  await rig.worker?.close();
  await rig.run(['run', '--detach']);
  assert.equal((await rig.run(['cancel', '1'])).exitCode, 0);
  assert.equal((await rig.run(['retry', '1'])).exitCode, 0);
  const following = rig.start(['logs', '-f', '1', 'late']);
  await rig.startWorker();
  assert.equal(await following.exitCode, 0);
  assert.match(following.stdout.text, /^at last$/m);
});

test('names that lead nowhere are mistakes with a hint', async () => {
  await using rig = await ranOnce();
  for (const [args, message] of [
    [['status', '7'], /the server has no run 7/],
    [['status', 'other#1'], /the server has no run other#1/],
    [['status', 'what?'], /'what\?' is not a run/],
    [
      ['status', '00000000-0000-4000-8000-000000000000'],
      /error: the server has no run 0+-0000-4000-8000-0+\n {2}help: xx status --list/,
    ],
    [['play', '1', 'fine'], /^error: job "fine" does not wait for a person/],
    [['logs', '7'], /the server has no run 7/],
    [['logs', '1', 'fin'], /has no job fin\n {2}help: did you mean fine\?/],
    [['logs', '1', 'fine', '--attempt', '2'], /fine has no attempt 2\n {2}help: it has 1/],
    [['cancel', '1', 'nobody'], /has no job nobody/],
    [['artifacts', '1', '--download', 'x'], /no artifacts to download/],
    [['status', '--limit', '3'], /--limit applies to the list only/],
    [['run', '--workspace', 'shared'], /--workspace applies to local runs only/],
    [['run', '--local', '--detach'], /--detach applies to runs on a server only/],
  ] as const) {
    const { stderr, exitCode } = await rig.run(args);
    assert.equal(exitCode, 2, `${args.join(' ')}: ${stderr}`);
    assert.match(stderr, message);
    assert.doesNotMatch(stderr, /\n +at /);
  }
});

test('retry runs failed jobs again and keeps the earlier attempts', async () => {
  await using rig = await ranOnce();
  const again = await rig.run(['retry', '1']);
  assert.equal(again.exitCode, 0, again.stderr);
  assert.match(again.stdout, /^demo #1: runs again/);
  await until('the second attempt to fail', async () => {
    const record = JSON.parse((await rig.run(['status', '1', '-o', 'json'])).stdout);
    const flaky = record.jobs.find((job: { name: string }) => job.name === 'flaky');
    return flaky.attempts.length === 2 && record.status === 'FAILED';
  });
  assert.match((await rig.run(['logs', '1', 'flaky', '--attempt', '1'])).stdout, /trying/);
  const one = await rig.run(['retry', '1', 'fine', '-o', 'json']);
  assert.equal(JSON.parse(one.stdout).name, 'fine');
});

test('play starts a manual job with variables, also after the run has ended', async () => {
  await using rig = await ranOnce(pipeline.replace('read there, ', ''));
  const played = await rig.run(['play', '1', 'deploy', '--var', 'TARGET=moon', '--secret', 'KEY=very-secret']);
  assert.equal(played.exitCode, 0, played.stderr);
  assert.match(played.stdout, /^deploy of demo #1: started/);
  const log = await rig.run(['logs', '1', 'deploy', '-f']);
  assert.match(log.stdout, /^to moon with \[MASKED\]$/m);
  const twice = await rig.run(['play', '1', 'deploy']);
  assert.equal(twice.exitCode, 2);
  assert.doesNotMatch(twice.stderr, /bug in xx/);
});

test('cancel ends what runs, one job or all', async () => {
  await using rig = await RemoteRig.startWith(
    'stages: [a]\nimage: busybox\none: { stage: a, script: [print on, sleep 1000] }\ntwo: { stage: a, script: [sleep 1000] }\n',
  );
  const running = await rig.startUntil(['run'], '│ on');
  assert.match(
    (await rig.run(['cancel', '1', 'one'])).stdout,
    /^one of demo #1: (canceled|is being canceled, still RUNNING)\n/,
  );
  await until('the job to be canceled', () => running.stdout.text.includes('one ■ canceled'));
  assert.match((await rig.run(['cancel', '1'])).stdout, /^demo #1: (canceled|is being canceled, still RUNNING)\n/);
  assert.equal(await running.exitCode, 1);
  const late = await rig.run(['cancel', '1']);
  assert.equal(late.stdout, 'demo #1: already ended with CANCELED: nothing to cancel\n');
});

test('workers lists who runs jobs', async () => {
  await using rig = await ranOnce();
  const { stdout } = await rig.run(['workers']);
  assert.match(stdout, /^✓ online +scripted +0\/4/m);
  assert.equal(JSON.parse((await rig.run(['workers', '-o', 'json'])).stdout)[0].slots, 4);
});

test('names that try to move the cursor are shown, not obeyed', async () => {
  await using rig = await ranOnce(
    'stages: [a]\nimage: busybox\n"evil\\u001b[2J\\u202e": { stage: a, script: ["print a\\u001b]0;title\\u0007b"] }\n',
  );
  for (const args of [['status'], ['run'], ['report', '--run', '1'], ['logs', '1', 'evil\x1b[2J\u202e']]) {
    const { stdout, stderr } = await rig.run(args);
    assert.doesNotMatch(stdout + stderr, /\x1b|\u202e|\x07/, args.join(' '));
  }
});

test('ids in the hints are those of the run', async () => {
  await using rig = await RemoteRig.start({ '.xx-pipeline.yml': pipeline });
  const { stderr } = await rig.run(['run']);
  const ids = new Set(stderr.match(uuid));
  const { id } = JSON.parse((await rig.run(['status', '-o', 'json'])).stdout);
  assert.deepEqual([...ids], [id]);
});
