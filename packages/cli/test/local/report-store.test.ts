import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Report, systemClock } from '@xx-pipeline/common';
import { thisProcess } from '@xx-pipeline/worker/process';
import { StateUnwritable } from '../../src/io/state-directory.ts';
import { LocalReportStore, type NewRun } from '../../src/reports/LocalReportStore.ts';

async function temporary(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'xx-store-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

const newRun = (overrides: Partial<NewRun> = {}): NewRun => ({
  id: crypto.randomUUID(),
  pipeline: 'demo',
  repository: '/somewhere/demo',
  createdAt: '2026-01-02T03:04:05.000Z',
  jobs: [{ id: 'job-1', name: 'build' }],
  ...overrides,
});

const report = (overrides: Partial<Report> = {}): Report => ({
  schemaVersion: 1,
  id: 'run-1',
  pipeline: 'demo',
  repository: '/somewhere/demo',
  branch: 'main',
  commit: null,
  dirty: false,
  runNumber: 1,
  trigger: 'local',
  status: 'SUCCESS',
  warnings: false,
  reason: null,
  createdAt: '2026-01-02T03:04:05.000Z',
  startedAt: null,
  completedAt: '2026-01-02T03:04:06.000Z',
  stages: [],
  ...overrides,
});

async function allReports(store: LocalReportStore): Promise<Report[]> {
  const reports: Report[] = [];
  for await (const stored of store.reports()) reports.push(stored.report);
  return reports;
}

test('run numbers count up, also when many runs begin at once', async (t) => {
  const store = new LocalReportStore(await temporary(t));
  const runs = await Promise.all(Array.from({ length: 20 }, () => store.createRun(newRun())));
  assert.deepEqual(
    runs.map((run) => run.runNumber).sort((a, b) => a - b),
    Array.from({ length: 20 }, (_, index) => index + 1),
  );
});

test('processes that begin runs at once get different numbers', async (t) => {
  const home = await temporary(t);
  const program = `
    import { LocalReportStore } from ${JSON.stringify(new URL('../../src/reports/LocalReportStore.ts', import.meta.url).href)};
    const store = new LocalReportStore(process.argv[1]);
    for (let index = 0; index < 5; index++) {
      const run = await store.createRun({ id: crypto.randomUUID(), pipeline: 'demo', repository: 'r', createdAt: '', jobs: [] });
      console.log(run.runNumber);
    }`;
  const outputs = await Promise.all(
    Array.from({ length: 3 }, async () => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', program, home], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [text] = await Promise.all([child.stdout.toArray(), once(child, 'close')]);
      return Buffer.concat(text).toString().trim().split('\n').map(Number);
    }),
  );
  assert.deepEqual(
    outputs.flat().sort((a, b) => a - b),
    Array.from({ length: 15 }, (_, index) => index + 1),
  );
});

test('pipelines of the same name in different repositories have folders and numbers of their own', async (t) => {
  const home = await temporary(t);
  const store = new LocalReportStore(home);
  const first = await store.createRun(newRun());
  const other = await store.createRun(newRun({ repository: '/elsewhere/demo' }));
  const again = await store.createRun(newRun({ repository: '/elsewhere/demo' }));
  assert.equal(first.directory, join(home, 'reports', 'demo', '1'));
  assert.match(other.directory, /\/reports\/demo-[0-9a-f]{8}\/1$/);
  assert.equal(again.runNumber, 2);
});

test('a hostile pipeline name stays below the reports', async (t) => {
  const home = await temporary(t);
  const run = await new LocalReportStore(home).createRun(newRun({ pipeline: '../../../etc/x y' }));
  assert.equal(run.directory, join(home, 'reports', 'etc-x-y', '1'));
});

test('a report can be read while the run goes on and at its end, newest run first', async (t) => {
  const store = new LocalReportStore(await temporary(t));
  const first = await store.createRun(newRun());
  await first.finish(report());
  const second = await store.createRun(newRun());
  await second.finish(report({ runNumber: 2, status: 'FAILED' }));
  assert.deepEqual(
    (await allReports(store)).map(({ runNumber, status }) => [runNumber, status]),
    [
      [2, 'FAILED'],
      [1, 'SUCCESS'],
    ],
  );
});

test('files that are no reports are passed over', async (t) => {
  const home = await temporary(t);
  const store = new LocalReportStore(home);
  const run = await store.createRun(newRun());
  await run.finish(report());
  await mkdir(join(home, 'reports', 'demo', '7'));
  await writeFile(join(home, 'reports', 'demo', '7', 'report.json'), '{"schemaVersion": 1, "st');
  await writeFile(join(home, 'reports', 'notes.txt'), 'hello');
  assert.equal((await allReports(store)).length, 1);
});

test('an artifact is stored whole, with size and digest, and given back', async (t) => {
  const run = await new LocalReportStore(await temporary(t)).createRun(newRun());
  const ref = await run.artifacts.save({ jobId: 'job-1', attempt: 2, name: '../x' }, pieces('hello ', 'world'));
  assert.deepEqual(ref, {
    name: '../x',
    path: 'artifacts/build.2.x.tar.zst',
    size: 11,
    sha256: 'b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9',
  });
  const opened = await run.artifacts.open('job-1');
  assert.equal(Buffer.concat(await Array.fromAsync(opened ?? [])).toString(), 'hello world');
  assert.equal(await run.artifacts.open('job-2'), null);
});

test('an artifact that breaks off leaves nothing behind', async (t) => {
  const run = await new LocalReportStore(await temporary(t)).createRun(newRun());
  const breaking = async function* () {
    yield Buffer.from('half');
    throw new Error('stream broke');
  };
  await assert.rejects(run.artifacts.save({ jobId: 'job-1', attempt: 1, name: 'a' }, breaking()), /stream broke/);
  assert.deepEqual(await readdir(join(run.directory, 'artifacts')), []);
  assert.equal(await run.artifacts.open('job-1'), null);
});

test('a home that is a file is one clear message', async (t) => {
  const home = join(await temporary(t), 'file');
  await writeFile(home, '');
  await assert.rejects(new LocalReportStore(home).createRun(newRun()), (error: unknown) => {
    assert.ok(error instanceof StateUnwritable);
    assert.equal(error.exitCode, 3);
    assert.match(error.message, /cannot write reports to .*: a part of the path is not a directory/);
    return true;
  });
});

async function* pieces(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

/** A process that has ended: its identity stands for the owner of an abandoned run. */
async function deadProcess(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  return child.pid ?? 0;
}

/** A run of this process that has not ended, and what its marker says. */
async function unfinishedRun(t: TestContext) {
  const home = await temporary(t);
  const store = new LocalReportStore(home);
  const run = await store.createRun(newRun({ id: 'run-1' }));
  const marker = join(home, 'running', 'run-1.json');
  const unfinished = JSON.parse(await readFile(marker, 'utf8')) as { owner: object };
  return { store, run, marker, unfinished };
}

test('the report of a run whose process died is ended by whoever looks next', async (t) => {
  const { store, run, marker, unfinished } = await unfinishedRun(t);
  const job = (name: string, status: Report['status']) => ({
    id: name,
    name,
    status,
    allowFailure: false,
    failureReason: null,
    failureMessage: null,
    waitingReason: null,
    exitCode: null,
    image: 'i',
    startedAt: null,
    completedAt: null,
    timings: { queue: 0, pull: 0, prepare: 0, script: 0, artifacts: 0 },
    attempts: [],
    artifacts: [],
    coverage: null,
    log: null,
  });
  const running = report({
    status: 'RUNNING',
    completedAt: null,
    stages: [
      {
        name: 'a',
        status: 'SUCCESS',
        warnings: false,
        startedAt: 'x',
        completedAt: 'y',
        jobs: [job('done', 'SUCCESS')],
      },
      {
        name: 'b',
        status: 'RUNNING',
        warnings: false,
        startedAt: 'x',
        completedAt: null,
        jobs: [job('now', 'RUNNING'), job('next', 'PENDING')],
      },
      {
        name: 'c',
        status: 'CREATED',
        warnings: false,
        startedAt: null,
        completedAt: null,
        jobs: [job('later', 'CREATED')],
      },
    ],
  });
  await writeFile(join(run.directory, 'report.json'), JSON.stringify(running));

  assert.deepEqual(await store.repairAbandoned(systemClock), [], 'a living owner is left alone');
  await writeFile(marker, JSON.stringify({ ...unfinished, owner: { ...thisProcess(), pid: await deadProcess() } }));
  assert.deepEqual(await store.repairAbandoned(systemClock), [run.directory]);

  const [mended] = await allReports(store);
  assert.equal(mended?.status, 'FAILED');
  assert.match(mended?.reason ?? '', /ended before it could finish/);
  assert.deepEqual(
    mended?.stages.map((stage) => [stage.status, ...stage.jobs.map((each) => each.status)]),
    [
      ['SUCCESS', 'SUCCESS'],
      ['FAILED', 'FAILED', 'CANCELED'],
      ['CANCELED', 'CANCELED'],
    ],
  );
  assert.equal(mended?.stages[1]?.jobs[0]?.failureReason, 'worker_lost');
  assert.deepEqual(await store.repairAbandoned(systemClock), [], 'once');
});

test('a process id used again by another process does not keep a run alive', async (t) => {
  const { store, run, marker, unfinished } = await unfinishedRun(t);
  await writeFile(marker, JSON.stringify({ ...unfinished, owner: { ...unfinished.owner, started: '1' } }));
  assert.deepEqual(await store.repairAbandoned(systemClock), [run.directory]);
});

test('a run of a machine this one cannot see is left alone for a day', async (t) => {
  const { store, run, marker, unfinished } = await unfinishedRun(t);
  await writeFile(marker, JSON.stringify({ ...unfinished, owner: { ...unfinished.owner, scope: 'other/boot/ns' } }));
  assert.deepEqual(await store.repairAbandoned(systemClock), []);
  const inTwoDays = { ...systemClock, now: () => Date.now() + 2 * 86_400_000 };
  assert.deepEqual(await store.repairAbandoned(inTwoDays), [run.directory]);
});
