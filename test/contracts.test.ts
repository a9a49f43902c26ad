import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { type JobRequest, limits, type PipelinePlan } from '@xx-pipeline/common';
import { jobRequestSchema, unknownFields, upcomingJobSchema } from '@xx-pipeline/common/api';
import { buildJobRequest, checkPipeline, indexPlan } from '@xx-pipeline/pipeline-language';
import { jobPlan, testPlan } from '@xx-pipeline/testing';
import { planSchema } from '../packages/common/src/api/schemas/plan-schema.ts';
import { checkCase, readCases } from '../packages/pipeline-language/test/case-file.ts';
import type { Expectation } from './rig/Expectation.ts';

/** Whatever one side sends the other one reads: nothing is dropped, changed or refused. */
function roundTrip(schema: Parameters<typeof unknownFields>[0], value: unknown): void {
  const sent: unknown = JSON.parse(JSON.stringify(value));
  assert.deepEqual(schema.parse(sent), sent);
  assert.deepEqual(unknownFields(schema, sent), []);
}

const jobId = '0193f3a0-0000-7000-8000-000000000001';

/** The requests of all jobs of a plan, as if every job before them had succeeded. */
function requestsOf(plan: PipelinePlan, given: Expectation): JobRequest[] {
  const index = indexPlan(plan);
  const variables = (values: Readonly<Record<string, string>> = {}, secret: boolean) =>
    Object.entries(values).map(([name, value]) => ({ name, value, ...(secret ? { secret } : {}) }));
  return index.jobs.map((job) => {
    const request = buildJobRequest({
      index,
      job,
      jobId,
      attempt: 2,
      pipelineExecutionId: jobId,
      jobIdOf: () => jobId,
      stateOf: () => ({ status: 'SUCCESS', allowFailure: false }),
      predefined: { CI: 'true' },
      pipelineVariables: [...variables(given.variables, false), ...variables(given.secrets, true)],
      runner: { id: 'r', description: 'd', version: '1', tags: ['t'] },
      startedAt: '2026-01-01T00:00:00Z',
      token: 'token',
      source: { kind: 'tree', key: 'snapshot:1' },
    });
    assert(request.ok, request.ok ? '' : request.error.message);
    return request.value;
  });
}

function requestRoundTrip(request: JobRequest): void {
  roundTrip(jobRequestSchema, request);
  const { jobName, pipelineExecutionId, attempt, image, source } = request;
  roundTrip(upcomingJobSchema, { jobId, jobName, pipelineExecutionId, attempt, image, source, after: [jobId] });
}

const nothing = { title: '', valid: true } as Expectation;

suite('every plan of the language, and every request made of it, passes its schema unchanged', () => {
  for (const one of readCases(join(import.meta.dirname, '../packages/pipeline-language/testdata/ok'))) {
    const { plan } = checkCase(one);
    if (plan === null) continue;
    test(one.name, () => {
      roundTrip(planSchema, plan);
      for (const request of requestsOf(plan, nothing)) requestRoundTrip(request);
    });
  }
});

suite('every plan and request of a scenario passes its schema unchanged', () => {
  const folder = join(import.meta.dirname, 'scenarios');
  for (const { name } of readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
    const expected = JSON.parse(readFileSync(join(folder, name, 'expect.json'), 'utf8')) as Expectation;
    const plan = expected.valid ? planOf(join(folder, name), expected) : null;
    if (plan === null) continue;
    test(name, () => {
      roundTrip(planSchema, plan);
      for (const request of requestsOf(plan, expected)) requestRoundTrip(request);
    });
  }
});

function planOf(folder: string, { variables = {} }: Expectation): PipelinePlan | null {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  const file = paths.find((path) => /^(\.gitlab-ci|pipeline|\.xx-pipeline)\.ya?ml$/.test(path));
  if (file === undefined) return null;
  return checkPipeline({
    file,
    text: readFileSync(join(folder, file), 'utf8'),
    files: {
      read: (path) => (paths.includes(path) ? readFileSync(join(folder, path), 'utf8') : null),
      list: () => paths,
    },
    context: { predefined: {}, pipelineVariables: variables, changedFiles: null },
  }).plan;
}

test('whatever a plan may hold a request may hold', () => {
  const job = jobPlan('j'.repeat(limits.name), 's'.repeat(limits.name), {
    image: {
      name: 'i'.repeat(limits.image),
      entrypoint: Array.from({ length: limits.arguments }, () => ''),
      user: 'u'.repeat(limits.word),
      platform: 'p'.repeat(limits.word),
    },
    script: ['c'.repeat(limits.text)],
    afterScript: ['c'.repeat(limits.text)],
    variables: { ['v'.repeat(limits.name)]: { value: 'x'.repeat(limits.text), raw: true } },
    artifacts: { name: 'a'.repeat(limits.path), paths: ['p'.repeat(limits.path)], exclude: [], when: 'always' },
    timeout: limits.seconds,
  });
  const plan = testPlan(job);
  assert.equal(planSchema.safeParse(JSON.parse(JSON.stringify(plan))).success, true);
  for (const request of requestsOf(plan, nothing)) requestRoundTrip(request);
});

test('what grows beyond the limits of a request when variables are expanded is a problem of the job, with a reason', () => {
  const big = { value: 'x'.repeat(limits.image) };
  const cases = {
    image: jobPlan('a', 'one', { image: { name: '$BIG$BIG' }, variables: { BIG: big } }),
    user: jobPlan('a', 'one', { image: { name: 'i', user: '$BIG' }, variables: { BIG: big } }),
    artifacts: jobPlan('a', 'one', {
      variables: { BIG: big },
      artifacts: { name: '$BIG$BIG', paths: ['p'], exclude: [], when: 'always' },
    }),
  };
  for (const [what, job] of Object.entries(cases)) {
    assert.throws(
      () => requestsOf(testPlan(job), nothing),
      new RegExp(`${what}.* once its variables are expanded`),
      what,
    );
  }
});
