import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '@xx-pipeline/testing';
import { RemoteRig } from './RemoteRig.ts';

/** Numbered lines with pauses between, so that a cut falls into the middle of them. */
const lines = (count: number) =>
  Array.from({ length: count }, (_, index) => `print line ${index}${index % 25 === 24 ? ', sleep 0.05' : ''}`).join(
    ', ',
  );

const numbered = (count: number) => `stages: [a]\nimage: busybox\nnumbers: { stage: a, script: [${lines(count)}] }\n`;

const expected = (count: number) => Array.from({ length: count }, (_, index) => `line ${index}`);

const printed = (stdout: string) =>
  stdout.split('\n').flatMap((line) => /^numbers │ (line \d+)$/.exec(line)?.[1] ?? []);

const count = (text: string, part: string) => text.split(part).length - 1;

test('connections cut again and again cost nothing of a log and repeat nothing', async () => {
  await using rig = await RemoteRig.start({ '.xx-pipeline.yml': numbered(200) });
  rig.proxy.cutAfter = 6000;
  const { stdout, stderr, exitCode } = await rig.run(['run']);
  assert.equal(exitCode, 0, stderr);
  assert.deepEqual(printed(stdout), expected(200));
  assert.ok(rig.proxy.connections > 5, `only ${rig.proxy.connections} connections`);
  // Two connections in a row that break before the first event are reported; whether that happens, timing decides.
  assert.equal(count(stderr, 'server unreachable'), count(stderr, 'server reachable again'), stderr);
});

test('a server that restarts in the middle of a run is waited for, and said to be away at most once', async () => {
  await using rig = await RemoteRig.startWith(
    'stages: [a]\nimage: busybox\nslow: { stage: a, script: [print before, sleep 3, print after] }\n',
  );
  const running = await rig.startUntil(['run'], '│ before');
  await rig.restartBackend();
  assert.equal(await running.exitCode, 0, running.stderr.text);
  assert.equal(running.stdout.text.match(/│ before$/gm)?.length, 1);
  assert.equal(running.stdout.text.match(/│ after$/gm)?.length, 1);
  assert.match(running.stdout.text, /demo #1: ✓ success/);
  assert.ok((running.stderr.text.match(/server unreachable/g)?.length ?? 0) <= 1, running.stderr.text);
});

test('a proxy that answers for a backend that restarts is waited out, in one calm line', async () => {
  await using rig = await RemoteRig.startWith(
    'stages: [a]\nimage: busybox\nslow: { stage: a, script: [print before, sleep 2, print after] }\n',
  );
  const running = await rig.startUntil(['run'], '│ before');
  rig.proxy.answerInstead = { to: /^/, status: '502 Bad Gateway' };
  rig.proxy.cut();
  await until('several tries', () => rig.proxy.answeredInstead > 4);
  rig.proxy.answerInstead = { to: /^/, status: '504 Gateway Timeout' };
  await until('another try', () => rig.proxy.answeredInstead > 6);
  rig.proxy.answerInstead = null;
  assert.equal(await running.exitCode, 0, running.stderr.text);
  assert.equal(running.stdout.text.match(/│ before$/gm)?.length, 1);
  assert.equal(running.stdout.text.match(/│ after$/gm)?.length, 1);
  const told = running.stderr.text.match(/^note: server .*$/gm) ?? [];
  assert.match(told[0] ?? '', /server unreachable, retrying \(a proxy in front .* answered 502\)/);
  assert.deepEqual(told.slice(1), ['note: server reachable again']);
});

test('a run whose creation a proxy answers with 503 is created once, when the backend is back', async () => {
  await using rig = await RemoteRig.start({ '.xx-pipeline.yml': numbered(3) });
  rig.proxy.answerInstead = { to: /^POST \/api\/pipelines\/executions /, status: '503 Service Unavailable' };
  const running = rig.start(['run']);
  await until('some tries', () => rig.proxy.answeredInstead > 3);
  rig.proxy.answerInstead = null;
  assert.equal(await running.exitCode, 0, running.stderr.text);
  assert.deepEqual(printed(running.stdout.text), expected(3));
  assert.equal((await rig.client.api.listExecutions({})).body.executions.length, 1);
});

test('a lost answer to the creation of a run makes no second run', async () => {
  await using rig = await RemoteRig.start({ '.xx-pipeline.yml': numbered(3) });
  rig.proxy.dropAnswerTo = /^POST \/api\/pipelines\/executions /;
  const { stdout, stderr, exitCode } = await rig.run(['run']);
  assert.equal(exitCode, 0, stderr);
  assert.equal(rig.proxy.dropped, 1);
  assert.deepEqual(printed(stdout), expected(3));
  assert.equal((await rig.client.api.listExecutions({})).body.executions.length, 1);
});

test('a terminal that takes nothing holds the log back on the server instead of filling the memory', async () => {
  const bytes = 48 * 1024 * 1024;
  await using rig = await RemoteRig.start({
    '.xx-pipeline.yml': `stages: [a]\nimage: busybox\nloud: { stage: a, script: [flood ${bytes}] }\n`,
  });
  const running = rig.start(['run']);
  const open = Promise.withResolvers<void>();
  let printed = 0;
  running.stdout.write = (data) => {
    printed += data.length;
    return false;
  };
  running.stdout.drained = () => open.promise;
  await until('the job to end', async () => {
    const [run] = (await rig.client.api.listExecutions({})).body.executions;
    return run?.status === 'SUCCESS';
  });
  assert.ok(rig.proxy.passed < bytes / 3, `${rig.proxy.passed} bytes came through although nobody took them`);
  open.resolve();
  assert.equal(await running.exitCode, 0, running.stderr.text);
  const perLine = Buffer.byteLength('loud │ y\n');
  assert.ok(printed >= (bytes / 2) * perLine, `${printed} bytes were printed`);
});

test('what nobody answers is one message with help, and the exit code of the machine', async () => {
  await using rig = await RemoteRig.start({ '.xx-pipeline.yml': numbered(1) });
  const { stderr, exitCode } = await rig.run(['run'], { XX_SERVER: 'http://127.0.0.1:1' });
  assert.equal(exitCode, 3);
  assert.match(stderr, /error: no answer from http:\/\/127\.0\.0\.1:1: nothing listens there\n {2}help: .*xx server/);
});

test('without any server the help names xx server and --local', async () => {
  await using rig = await RemoteRig.start({ '.xx-pipeline.yml': numbered(1) });
  const { stderr, exitCode } = await rig.run(['run'], { XX_SERVER: '' });
  assert.equal(exitCode, 3);
  assert.equal(
    stderr,
    'error: no server found\n  help: start one with `xx server`, name one with --server or XX_SERVER, or use --local for this machine alone\n',
  );
});

test('a wrong token and a missing one are told apart', async () => {
  await using rig = await RemoteRig.start({ '.xx-pipeline.yml': numbered(1) });
  const wrong = await rig.run(['status'], { XX_TOKEN: 'xxp_nobody' });
  assert.equal(wrong.exitCode, 2);
  assert.match(wrong.stderr, /rejected the token/);
  assert.doesNotMatch(wrong.stderr, /xxp_nobody/);
  const missing = await rig.run(['status'], { XX_TOKEN: '' });
  assert.equal(missing.exitCode, 2);
  assert.match(missing.stderr, /requires a token/);
});
