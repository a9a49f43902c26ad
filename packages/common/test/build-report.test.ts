import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildReport, type JobExecution, type PipelineExecution } from '../src/index.ts';

const timings = { queue: 1, pull: 0, prepare: 3, script: 40, artifacts: 0 };

const attempt = (number: number, exitCode: number) => ({
  number,
  status: exitCode === 0 ? ('SUCCESS' as const) : ('FAILED' as const),
  failureReason: exitCode === 0 ? null : ('script_failure' as const),
  failureMessage: null,
  exitCode,
  startedAt: `2026-01-01T00:00:0${number}.000Z`,
  completedAt: `2026-01-01T00:00:0${number}.500Z`,
  timings,
  artifacts: [],
  log: `logs/lint.${number}.log`,
});

const job = (name: string, stage: string, special: Partial<JobExecution> = {}): JobExecution => ({
  id: `id-${name}`,
  name,
  stage,
  status: 'CREATED',
  allowFailure: false,
  waitingReason: null,
  notBefore: null,
  lastAction: null,
  image: 'busybox:latest',
  eligibleAt: null,
  attempts: [],
  ...special,
});

const execution: PipelineExecution = {
  id: 'run',
  pipeline: 'quickstart',
  source: { repository: 'https://example.com/app', branch: 'main', commit: 'abc', dirty: true },
  runNumber: 3,
  trigger: 'local',
  status: 'RUNNING',
  warnings: false,
  reason: null,
  createdBy: null,
  cancellation: null,
  lastRetry: null,
  createdAt: '2026-01-01T00:00:00.000Z',
  startedAt: '2026-01-01T00:00:01.000Z',
  completedAt: null,
  stages: [
    { name: 'build', status: 'SUCCESS', warnings: true, startedAt: null, completedAt: null },
    { name: 'test', status: 'CREATED', warnings: false, startedAt: null, completedAt: null },
  ],
  jobs: [
    job('unit', 'test', { waitingReason: 'waits for its stage' }),
    job('lint', 'build', { status: 'FAILED', allowFailure: true, attempts: [attempt(1, 2), attempt(2, 3)] }),
  ],
};

test('the last attempt stands on top of its job, all are kept', () => {
  const [lint] = buildReport(execution).stages[0]?.jobs ?? [];
  assert.ok(lint);
  assert.deepEqual(
    [lint.exitCode, lint.failureReason, lint.log, lint.startedAt, lint.timings, lint.attempts.length],
    [3, 'script_failure', 'logs/lint.2.log', '2026-01-01T00:00:02.000Z', timings, 2],
  );
});

test('jobs stand in their stages, whatever their order in the records', () => {
  const names = buildReport(execution).stages.map((stage) => [stage.name, stage.jobs.map((one) => one.name)]);
  assert.deepEqual(names, [
    ['build', ['lint']],
    ['test', ['unit']],
  ]);
});

test('a job that has not run has no times', () => {
  const [unit] = buildReport(execution).stages[1]?.jobs ?? [];
  assert.deepEqual(
    [unit?.startedAt, unit?.exitCode, unit?.log, unit?.waitingReason],
    [null, null, null, 'waits for its stage'],
  );
});

test('a report survives JSON', () => {
  const report = buildReport(execution);
  assert.deepEqual(JSON.parse(JSON.stringify(report)), report);
  assert.deepEqual([report.repository, report.dirty, report.schemaVersion], ['https://example.com/app', true, 1]);
});
