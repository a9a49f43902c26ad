import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluateRules, type RuleEnvironment, type RuleInput } from '../../src/rules/evaluate-rules.ts';
import { parseIf } from '../../src/rules/if-expression.ts';

const nothingKnown: RuleEnvironment = { variables: {}, changedFiles: null, listFiles: () => [] };

function rule(
  index: number,
  clauses: { if?: string; changes?: string[]; exists?: string[] },
  when?: RuleInput['when'],
): RuleInput {
  const parsed = clauses.if === undefined ? null : parseIf(clauses.if);
  return {
    index,
    ...(parsed?.ok !== true ? {} : { if: { expression: parsed.value, text: clauses.if ?? '' } }),
    ...(clauses.changes === undefined ? {} : { changes: { paths: clauses.changes } }),
    ...(clauses.exists === undefined ? {} : { exists: clauses.exists }),
    ...(when === undefined ? {} : { when }),
  };
}

test('the first rule of which all clauses hold decides, and the trace shows why', () => {
  const rules = [
    rule(0, { if: '$TAG' }, 'always'),
    rule(1, { if: '$BRANCH == "main"', exists: ['Dockerfile'] }, 'manual'),
    rule(2, {}),
  ];
  const { matched, trace } = evaluateRules(rules, {
    variables: { BRANCH: 'main' },
    changedFiles: null,
    listFiles: () => ['Dockerfile'],
  });
  assert.equal(matched, rules[1]);
  assert.deepEqual(trace, [
    {
      index: 0,
      clauses: [{ clause: 'if', text: '$TAG', result: false, reason: 'TAG is unset' }],
      outcome: 'not-matched',
    },
    {
      index: 1,
      clauses: [
        { clause: 'if', text: '$BRANCH == "main"', result: true, reason: 'BRANCH = "main"' },
        { clause: 'exists', text: 'Dockerfile', result: true, reason: 'Dockerfile exists' },
      ],
      outcome: 'matched',
      when: 'manual',
    },
    { index: 2, clauses: [], outcome: 'not-reached' },
  ]);
});

test('no rule decides when none matches', () => {
  const { matched, trace } = evaluateRules([rule(0, { if: '$A' })], nothingKnown);
  assert.equal(matched, null);
  assert.equal(trace[0]?.outcome, 'not-matched');
});

test('a rule without when keeps that of its job', () => {
  const { trace } = evaluateRules([rule(0, {})], { ...nothingKnown, defaultWhen: 'manual' });
  assert.equal(trace[0]?.when, 'manual');
});

const changes: readonly (readonly [string, readonly string[] | null, string[], boolean, string])[] = [
  ['true without a base', null, ['no/such'], true, 'there is nothing to compare with'],
  ['false for an empty difference', [], ['**/*'], false, 'nothing has changed'],
  ['true when a path matches', ['a/x.ts', 'b'], ['c', '**/*.ts'], true, 'a/x.ts has changed'],
  ['false when none matches', ['a', 'b'], ['c'], false, 'none of 2 changed files matches'],
  ['true with a variable in the path', ['app/x'], ['$DIR/*'], true, 'app/x has changed'],
  ['false where an unknown variable stays as text', ['x'], ['$NOPE'], false, 'none of 1 changed files matches'],
  ['true for too many comparisons', Array(50_001).fill('x'), ['c'], true, 'too many files have changed to compare'],
];

for (const [name, changedFiles, paths, result, reason] of changes) {
  test(`changes is ${name}`, () => {
    const environment = { ...nothingKnown, variables: { DIR: 'app' }, changedFiles };
    const { trace } = evaluateRules([rule(0, { changes: paths })], environment);
    assert.deepEqual(trace[0]?.clauses, [{ clause: 'changes', text: paths.join(', '), result, reason }]);
  });
}

test('files are listed only when a rule asks for them, and an answer is asked for once', () => {
  let calls = 0;
  const environment: RuleEnvironment = {
    ...nothingKnown,
    variables: { F: 'a$G', G: 'b' },
    listFiles() {
      calls += 1;
      return ['ab'];
    },
    existsAnswers: new Map(),
  };
  evaluateRules([rule(0, { if: 'null', exists: ['x'] })], environment);
  assert.equal(calls, 0);
  for (let round = 0; round < 3; round += 1) {
    assert.notEqual(evaluateRules([rule(0, { exists: ['$F'] })], environment).matched, null);
  }
  assert.equal(calls, 1);
});
