import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Diagnostic, JobPlan } from '@xx-pipeline/common';
import type { CheckResult } from '../src/index.ts';
import { LineIndex } from '../src/source/LineIndex.ts';
import { checkCase, readCases } from './case-file.ts';

const testdata = join(import.meta.dirname, '../testdata');

/** What a case in `ok/` may expect; whatever is not mentioned is not looked at. */
interface ExpectedPlan {
  readonly name?: string;
  /** Names of the jobs by stage, all of them. */
  readonly stages?: Record<string, string[]>;
  /** Parts of single jobs. */
  readonly jobs?: Record<string, Partial<JobPlan>>;
  readonly excluded?: Record<string, string>;
  readonly variables?: Record<string, unknown>;
  readonly notCreated?: string;
  readonly warnings?: string[];
}

for (const { name, expect, ...input } of readCases(join(testdata, 'ok'))) {
  test(`ok: ${name}`, () => {
    const result = checkCase(input);
    const expected = expect as ExpectedPlan;
    assert.deepEqual(shownDiagnostics(result), expected.warnings ?? []);
    comparePlan(result, expected);
  });
}

for (const { name, expect, ...input } of readCases(join(testdata, 'errors'))) {
  test(`errors: ${name}`, () => {
    const result = checkCase(input);
    assert.equal(result.plan, null);
    assert.deepEqual(shownDiagnostics(result), expect);
  });
}

function comparePlan({ plan, notCreated }: CheckResult, expected: ExpectedPlan): void {
  if (expected.notCreated !== undefined) {
    assert.match(notCreated ?? '', new RegExp(expected.notCreated));
    return;
  }
  assert.ok(plan, 'there should be a plan');
  const jobs = plan.stages.flatMap((stage) => stage.jobs);
  if (expected.name !== undefined) assert.equal(plan.name, expected.name);
  if (expected.variables) assert.deepEqual(plan.variables, expected.variables);
  if (expected.stages) {
    const stages = plan.stages.map((stage) => [stage.name, stage.jobs.map((job) => job.name)]);
    assert.deepEqual(stages, Object.entries(expected.stages));
  }
  for (const [name, parts] of Object.entries(expected.jobs ?? {})) {
    const job = jobs.find((each) => each.name === name);
    assert.ok(job, `there should be a job ${name}`);
    const shown = Object.fromEntries(Object.keys(parts).map((key) => [key, job[key as keyof JobPlan]]));
    assert.deepEqual(JSON.parse(JSON.stringify(shown)), parts);
  }
  if (expected.excluded) {
    assert.deepEqual(
      Object.fromEntries(plan.excluded.map((job) => [job.name, job.admission.reason])),
      expected.excluded,
    );
  }
}

/** `XX1201 2:3 message`, with the file in front of the place if it is not the root file. */
function shownDiagnostics({ diagnostics, sources }: CheckResult): string[] {
  return diagnostics.map((found) => `${found.code} ${placeOf(found, sources)} ${found.message}`);
}

function placeOf({ span }: Diagnostic, sources: ReadonlyMap<string, string>): string {
  if (span === undefined) return 'nowhere';
  const { line, column } = new LineIndex(sources.get(span.file) ?? '').locate(span.start);
  return `${span.file === 'pipeline.yml' ? '' : `${span.file}:`}${line}:${column}`;
}
