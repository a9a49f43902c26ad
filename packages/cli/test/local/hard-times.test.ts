import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { type Report, systemClock } from '@xx-pipeline/common';
import { LocalReportStore } from '../../src/reports/LocalReportStore.ts';
import { LocalRunRig } from './LocalRunRig.ts';

const program = join(import.meta.dirname, 'scripted-run.ts');

async function temporary(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'xx-hard-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** Reads the first run's report until it says what is waited for; the process writes it when it gets to it. */
async function reportWhen(home: string, child: ChildProcess, condition: (report: Report) => boolean): Promise<Report> {
  for (;;) {
    assert.equal(child.exitCode, null, 'the run ended early');
    const text = await readFile(join(home, 'reports/demo/1/report.json'), 'utf8').catch(() => '');
    // Every state of the file that can be seen is a whole report.
    const report = text === '' ? null : (JSON.parse(text) as Report);
    if (report !== null && condition(report)) return report;
    await setTimeout(5);
  }
}

test('a run killed without warning leaves a report that the next one ends', async (t) => {
  const home = await temporary(t);
  const text =
    'stages: [a, b]\nquick: { stage: a, script: [print done] }\nlong: { stage: a, script: [print begun, hang] }\nlast: { stage: b, script: [print] }\n';
  const child = spawn(process.execPath, [program, home, text], { stdio: 'ignore' });
  t.after(() => child.kill('SIGKILL'));
  const isRunning = ({ stages: [stage] }: Report) =>
    stage?.jobs[0]?.status === 'SUCCESS' && stage.jobs[1]?.status === 'RUNNING';
  const running = await reportWhen(home, child, isRunning);
  assert.equal(running.status, 'RUNNING');
  child.kill('SIGKILL');
  await once(child, 'exit');

  const store = new LocalReportStore(home);
  assert.deepEqual(await store.repairAbandoned(systemClock), [join(home, 'reports/demo/1')]);
  const [mended] = await Array.fromAsync(store.reports());
  const jobs = mended?.report.stages.flatMap((stage) => stage.jobs) ?? [];
  assert.deepEqual(
    [mended?.report.status, ...jobs.map((job) => `${job.name} ${job.status} ${job.failureReason ?? ''}`.trim())],
    ['FAILED', 'quick SUCCESS', 'long FAILED worker_lost', 'last CANCELED'],
  );
  assert.notEqual(mended?.report.completedAt, null);
  assert.match(await readFile(join(home, 'reports/demo/1', jobs[1]?.log ?? ''), 'utf8'), /begun/);
});

test('a disk that takes no more ends the run with one message and exit code 3', async (t) => {
  const home = await temporary(t);
  // Files may grow to 64 KiB: the same refusal as a full disk, without needing one.
  const text = 'loud: { script: [flood 100000000] }\nother: { script: [sleep 1000] }\n';
  const child = spawn('sh', ['-c', 'ulimit -f 128; exec "$@"', 'sh', process.execPath, program, home, text], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const [output, [code]] = await Promise.all([child.stdout.toArray(), once(child, 'exit')]);
  assert.match(
    Buffer.concat(output).toString(),
    /^cannot write a log in .*reports\/demo\/1: the file is larger than .*\n$/,
  );
  assert.equal(code, 3);
  const [stored] = await Array.fromAsync(new LocalReportStore(home).reports());
  assert.equal(stored?.report.status, 'CANCELED');
  assert.match(stored?.report.reason ?? '', /cannot write a log/);
});

test('a home that cannot be written ends the run before any job has started', async () => {
  await using rig = await LocalRunRig.create();
  const openRun = async () => {
    throw new Error('cannot write reports');
  };
  await assert.rejects(rig.run('a: { script: [print hello] }', { openRun }), /cannot write reports/);
  await rig.clock.runUntil(rig.executor.close());
  rig.executor.assertNothingLeft();
});

test('a watcher that breaks ends the run, with a report that says so', async () => {
  await using rig = await LocalRunRig.create();
  const emit = (event: { type: string }) => {
    if (event.type === 'job-changed') return Promise.reject(new Error('the screen is gone'));
    return undefined;
  };
  await assert.rejects(
    rig.run('a: { script: [sleep 1] }\nb: { script: [sleep 1] }', { emit, slots: 1 }),
    /the screen is gone/,
  );
  await rig.clock.runUntil(rig.executor.close());
  rig.executor.assertNothingLeft();
  const [stored] = await Array.fromAsync(rig.store.reports());
  assert.notEqual(stored?.report.completedAt, null);
  assert.match(stored?.report.reason ?? '', /the screen is gone/);
});
