import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JobPlan, JobRequest, When } from '@xx-pipeline/common';
import { jobPlan, needing, testPlan } from '@xx-pipeline/testing';
import type { JobState } from '../../src/progress/composite-status.ts';
import { indexPlan } from '../../src/progress/PlanIndex.ts';
import { buildJobRequest, type JobRequestInput } from '../../src/request/build-job-request.ts';

const done: JobState = { status: 'SUCCESS', allowFailure: false };

function inputFor(
  job: JobPlan,
  special: Partial<JobRequestInput> = {},
  ...others: readonly JobPlan[]
): JobRequestInput {
  return {
    index: indexPlan(testPlan(...others, job)),
    job,
    jobId: 'id-job',
    attempt: 1,
    pipelineExecutionId: 'run',
    jobIdOf: (name) => `id-${name}`,
    stateOf: () => done,
    predefined: { CI: 'true', CI_COMMIT_MESSAGE: 'costs $5 and $HOME' },
    pipelineVariables: [],
    runner: { id: '1', description: 'here', version: '1.2.3', architecture: 'linux/amd64' },
    startedAt: '2026-01-01T00:00:00.000Z',
    ...special,
  };
}

function requestFor(...parameters: Parameters<typeof inputFor>): JobRequest {
  const request = buildJobRequest(inputFor(...parameters));
  assert.ok(request.ok, request.ok ? '' : request.error.message);
  return request.value;
}

const variablesOf = (request: JobRequest) =>
  Object.fromEntries((request.variables ?? []).map(({ name, value }) => [name, value]));

test('a request holds all that a worker needs, expanded', () => {
  const job = jobPlan('test: [linux, 22]', 'test', {
    image: { name: 'node:$NODE', user: '$USER_ID', platform: '$NOPE', entrypoint: ['$x'] },
    variables: { NODE: { value: '22' }, USER_ID: { value: '1000' } },
    artifacts: {
      name: 'out-$CI_JOB_NAME_SLUG',
      paths: ['dist/$NODE', '$NOPE'],
      exclude: ['$NODE.tmp'],
      when: 'always',
    },
    timeout: 60,
    parallel: { index: 2, total: 4 },
  });
  const request = requestFor(job, { attempt: 2, token: 't' });
  assert.deepEqual(request.image, { name: 'node:22', user: '1000', entrypoint: ['$x'] });
  assert.deepEqual(request.artifacts, {
    name: 'out-test---linux--22',
    paths: ['dist/22'],
    exclude: ['22.tmp'],
    when: 'always',
  });
  assert.deepEqual([request.jobId, request.attempt, request.token, request.timeout], ['id-job', 2, 't', 60]);
  const variables = variablesOf(request);
  const expected = {
    CI: 'true',
    CI_JOB_ID: 'id-job',
    CI_JOB_NAME: 'test: [linux, 22]',
    CI_JOB_GROUP_NAME: 'test',
    CI_JOB_STAGE: 'test',
    CI_JOB_IMAGE: 'node:22',
    CI_JOB_TIMEOUT: '60',
    CI_JOB_STATUS: 'running',
    CI_NODE_INDEX: '2',
    CI_NODE_TOTAL: '4',
    CI_PROJECT_DIR: '/workspace',
    CI_BUILDS_DIR: '/',
    CI_DISPOSABLE_ENVIRONMENT: 'true',
    CI_RUNNER_VERSION: '1.2.3',
    CI_COMMIT_MESSAGE: 'costs $5 and $HOME',
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(variables[name], value, name);
  assert.ok(!('CI_JOB_MANUAL' in variables));
});

test('stronger layers win: facts, file, dotenv, pipeline, runner', () => {
  const job = jobPlan('a', 'one', {
    variables: {
      CI_JOB_STAGE: { value: 'file' },
      A: { value: 'file' },
      B: { value: 'file' },
      CI_RUNNER_VERSION: { value: 'file' },
      PATHS: { value: '$CI_PROJECT_DIR/x:$A' },
    },
  });
  const variables = variablesOf(
    requestFor(job, { dotenv: { A: '$dotenv', B: 'dotenv' }, pipelineVariables: [{ name: 'B', value: 'run' }] }),
  );
  assert.deepEqual(
    [variables['CI_JOB_STAGE'], variables['A'], variables['B'], variables['CI_RUNNER_VERSION'], variables['PATHS']],
    ['file', '$dotenv', 'run', '1.2.3', '/workspace/x:$dotenv'],
  );
});

test('secret variables are marked', () => {
  const request = requestFor(jobPlan('a', 'one'), {
    pipelineVariables: [
      { name: 'TOKEN', value: 'hush', secret: true },
      { name: 'OPEN', value: 'x' },
    ],
  });
  assert.deepEqual(
    request.variables?.filter(({ name }) => name === 'TOKEN' || name === 'OPEN'),
    [
      { name: 'TOKEN', value: 'hush', secret: true },
      { name: 'OPEN', value: 'x' },
    ],
  );
});

const images: readonly (readonly [string, RegExp])[] = [
  ['$NOPE', /the image "\$NOPE" is empty once its variables are expanded/],
  ['  ', /is empty/],
  ['a $B', /expands to "a b", which is not a valid image name/],
];

for (const [name, message] of images) {
  test(`the image ${JSON.stringify(name)} is an error`, () => {
    const job = jobPlan('a', 'one', { image: { name }, variables: { B: { value: 'b' } } });
    const request = buildJobRequest(inputFor(job));
    assert.ok(!request.ok);
    assert.match(request.error.message, message);
  });
}

test('a circle of variables is an error', () => {
  const job = jobPlan('a', 'one', { variables: { A: { value: '$B' }, B: { value: '$A' } } });
  const request = buildJobRequest(inputFor(job));
  assert.ok(!request.ok);
  assert.match(request.error.message, /circular variable reference/);
});

const artifacts = { paths: ['x'], exclude: [], when: 'on_success' } as const;

test('artifact sources come first and in their order, then what is only waited for', () => {
  const others = [
    jobPlan('a', 'one', { artifacts }),
    jobPlan('b', 'one', { artifacts }),
    jobPlan('bare', 'one'),
    jobPlan('waited', 'one', { artifacts }),
  ];
  const job = jobPlan('z', 'two', { ...needing('waited', 'a', 'b', 'bare'), artifactsFrom: ['b', 'a', 'bare'] });
  assert.deepEqual(requestFor(job, {}, ...others).needs, [
    { jobId: 'id-b', jobName: 'b', artifacts: true },
    { jobId: 'id-a', jobName: 'a', artifacts: true },
    { jobId: 'id-waited', jobName: 'waited', artifacts: false },
    { jobId: 'id-bare', jobName: 'bare', artifacts: false },
  ]);
});

test('what failed jobs kept reaches the jobs that run on failures, and what never ran holds nobody back', () => {
  const names = ['ok', 'warn', 'running', 'failed', 'canceled', 'skipped', 'manual', 'button'];
  const states: Record<string, JobState> = {
    ok: done,
    warn: { status: 'FAILED', allowFailure: true },
    running: { status: 'RUNNING', allowFailure: false },
    failed: { status: 'FAILED', allowFailure: false },
    canceled: { status: 'CANCELED', allowFailure: false },
    skipped: { status: 'SKIPPED', allowFailure: false },
    manual: { status: 'MANUAL', allowFailure: false },
    button: { status: 'MANUAL', allowFailure: true },
  };
  const others = names.map((name) => jobPlan(name, 'one', { artifacts }));
  const needsOf = (when: When) => {
    const job = jobPlan('z', 'two', { when, artifactsFrom: names });
    return requestFor(job, { stateOf: (name) => states[name] ?? done }, ...others).needs ?? [];
  };
  const named = (when: When) => needsOf(when).map((need) => need.jobName);
  assert.deepEqual(named('on_success'), ['ok', 'warn', 'running']);
  assert.deepEqual(named('always'), ['ok', 'warn', 'running', 'failed', 'canceled']);
  assert.deepEqual(named('on_failure'), named('always'));
  assert.ok(needsOf('always').every((need) => need.mustSucceed === false));
  assert.ok(needsOf('on_success').every((need) => need.mustSucceed === undefined));
});

const groups: readonly (readonly [string, string])[] = [
  ['rspec', 'rspec'],
  ['rspec 1/3', 'rspec'],
  ['rspec: [a, b]', 'rspec'],
  ['rspec: [a] 1/2', 'rspec'],
  ['build: docker', 'build: docker'],
  ['1/2', '1/2'],
];

for (const [name, group] of groups) {
  test(`job ${name} is of the group ${group}`, () => {
    assert.equal(variablesOf(requestFor(jobPlan(name, 'one')))['CI_JOB_GROUP_NAME'], group);
  });
}
