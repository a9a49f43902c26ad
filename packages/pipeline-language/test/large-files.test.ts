import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkText } from './case-file.ts';

const range = (count: number) => Array.from({ length: count }, (_, index) => index);
const codesOf = (text: string) => [...new Set(checkText(text).diagnostics.map((found) => found.code))];

test('jobs of one stage share the list of jobs whose artifacts they fetch', () => {
  const jobs = range(300).map((index) => `j${index}: {stage: s${index % 3}, script: [make], artifacts: {paths: [x]}}`);
  const { plan } = checkText(`stages: [s0, s1, s2]\n${jobs.join('\n')}`);
  const lists = plan?.stages.map((stage) => new Set(stage.jobs.map((job) => job.artifactsFrom)));
  assert.deepEqual(
    lists?.map((list) => list.size),
    [1, 1, 1],
  );
  assert.deepEqual(
    lists?.map((list) => [...list][0]?.length),
    [0, 100, 200],
  );
});

test('jobs without variables of their own share the global ones', () => {
  const { plan } = checkText(
    `variables: {A: a}\n${range(50)
      .map((index) => `j${index}: {script: [make]}`)
      .join('\n')}`,
  );
  const jobs = plan?.stages.flatMap((stage) => stage.jobs) ?? [];
  assert.equal(new Set(jobs.map((job) => job.variables)).size, 1);
});

test('a very long chain of needs is no problem, and a very long cycle is found', () => {
  const chain = range(20_000).map(
    (index) => `j${index}: {script: [make]${index === 0 ? '' : `, needs: [j${index - 1}]`}}`,
  );
  assert.deepEqual(codesOf(chain.join('\n')), []);
  chain[0] = 'j0: {script: [make], needs: [j19999]}';
  assert.deepEqual(codesOf(chain.join('\n')), ['XX1404']);
});

test('thousands of mistakes in names are all reported', () => {
  const jobs = range(3000).map((index) => `job-number-${index}: {script: [make], needs: [jub-number-${index}]}`);
  assert.equal(checkText(jobs.join('\n')).diagnostics.length, 3000);
});

test('aliases inside aliases are stopped', () => {
  const levels = range(30).map((index) => `.l${index + 1}: &l${index + 1} [*l${index}, *l${index}]`);
  assert.deepEqual(codesOf(`.l0: &l0 [x]\n${levels.join('\n')}\njob: {script: [make]}`), ['XX1002']);
});

test('merge keys of large mappings are stopped', () => {
  const big = `.big: &big {${range(5000)
    .map((index) => `k${index}: 1`)
    .join(', ')}}`;
  const jobs = range(500).map((index) => `.j${index}: {<<: *big}`);
  assert.deepEqual(codesOf(`${big}\n${jobs.join('\n')}\njob: {script: [make]}`), ['XX1002']);
});

test('templates that double what they extend are stopped', () => {
  const levels = range(40).map(
    (index) => `.l${index + 1}: {script: [!reference [.l${index}, script], !reference [.l${index}, script]]}`,
  );
  assert.deepEqual(codesOf(`.l0: {script: [x]}\n${levels.join('\n')}\njob: {extends: .l40}`), ['XX1002']);
});

test('brackets nested too deeply are stopped', () => {
  assert.deepEqual(codesOf(`job: ${'['.repeat(100_000)}`), ['XX1002']);
  assert.deepEqual(codesOf(`a: ]\njob: ${'['.repeat(100_000)}`), ['XX1001']);
});

test('a chain of thousands of templates or references ends with an error, not with an exhausted stack', () => {
  const templates = range(5000).map((index) => `.t${index}: {extends: .t${index + 1}}`);
  assert.ok(codesOf(`${templates.join('\n')}\n.t5000: {image: a}\njob: {script: [make]}`).includes('XX1114'));
  const references = range(5000).map((index) => `.r${index}: {x: !reference [.r${index + 1}, x]}`);
  assert.ok(codesOf(`${references.join('\n')}\n.r5000: {x: 1}\njob: {script: [make]}`).includes('XX1123'));
});

test('a file longer than the limit is refused', () => {
  assert.deepEqual(codesOf(`# ${'x'.repeat(2_000_000)}`), ['XX1002']);
});

test('small files that describe enormous plans are stopped', () => {
  const perJob = range(60).map((index) => `j${index}: {parallel: 200, needs: [a, b], script: [x]}`);
  const needs = `a: {parallel: 200, script: [x]}\nb: {parallel: 200, script: [x]}\n${perJob.join('\n')}`;
  assert.deepEqual(codesOf(needs), ['XX1002']);
  const variables = `variables: {${range(2000).map((index) => `V${index}: x`)}}`;
  assert.deepEqual(
    codesOf(
      `${variables}\n${range(6000)
        .map((index) => `j${index}: {variables: {A: b}, script: [x]}`)
        .join('\n')}`,
    ),
    ['XX1002'],
  );
  const stages = range(2100).map((index) => `j${index}: {stage: s${index}, artifacts: {paths: [x]}, script: [x]}`);
  assert.deepEqual(codesOf(`stages: [${range(2100).map((index) => `s${index}`)}]\n${stages.join('\n')}`), ['XX1002']);
});
