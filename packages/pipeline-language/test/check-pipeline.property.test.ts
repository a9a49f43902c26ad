import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { renderDiagnostics } from '../src/index.ts';
import { checkCase, checkText, readCases } from './case-file.ts';

const testdata = join(import.meta.dirname, '../testdata');
const cases = [...readCases(join(testdata, 'ok')), ...readCases(join(testdata, 'errors'))];

/** Pieces of YAML and of the language, so that random texts get past the first line. */
const piece = fc.constantFrom(
  ...[
    'job:',
    'script:',
    ' [make]',
    '\n',
    '\n  ',
    '\n    ',
    '- ',
    ': ',
    '&a ',
    '*a',
    '<<: ',
    '!reference ',
    '[a, b]',
    '{',
    '}',
    '"',
    "'",
  ],
  ...[
    'needs: [a]',
    'extends: a',
    'a: ',
    'stages: ',
    'include: ',
    'rules:',
    'if: $A',
    'parallel: 3',
    'matrix: ',
    '|',
    '>',
    '#',
    '\t',
  ],
  ...[
    'variables: ',
    'when: manual',
    'default: ',
    'workflow: ',
    'jobs: ',
    'name: x',
    '---\n',
    '~',
    '0x1F',
    '1:30',
    '\u0000',
    '\u202e',
    '😀',
  ],
);
const pipelineText = fc
  .array(fc.oneof({ weight: 9, arbitrary: piece }, fc.string({ maxLength: 5 })), { maxLength: 60 })
  .map((parts) => parts.join(''));

/** A case with one stretch of its root file replaced. */
const mutatedCase = fc
  .tuple(fc.constantFrom(...cases), fc.nat(), fc.nat(20), pipelineText)
  .map(([example, at, length, insert]) => {
    const text = example.files.get('pipeline.yml') ?? '';
    const start = at % (text.length + 1);
    const files = new Map(example.files).set(
      'pipeline.yml',
      text.slice(0, start) + insert + text.slice(start + length),
    );
    return { files, context: example.context };
  });

test('no text makes it throw, and what it finds can be shown', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        pipelineText.map((text) => ({ files: new Map([['pipeline.yml', text]]), context: {} })),
        mutatedCase,
      ),
      (input) => {
        const result = checkCase(input);
        const hasErrors = result.diagnostics.some((found) => found.severity === 'error');
        assert.equal(hasErrors, result.plan === null && result.notCreated === null);
        const shown = renderDiagnostics(result.diagnostics, result.sources, { color: false, width: 80 });
        assert.doesNotMatch(shown, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
        for (const { span } of result.diagnostics) {
          const text = result.sources.get(span?.file ?? '');
          assert.ok(span && text !== undefined, 'every problem has a place');
          assert.ok(
            0 <= span.start && span.start <= span.end && span.end <= text.length,
            `${span.start} to ${span.end}`,
          );
        }
      },
    ),
    { numRuns: 2000 },
  );
});

test('checking the same text twice gives the same', () => {
  fc.assert(
    fc.property(mutatedCase, (input) => {
      assert.deepEqual(checkCase(input), checkCase(input));
    }),
    { numRuns: 200 },
  );
});

test('a plan is plain JSON', () => {
  fc.assert(
    fc.property(mutatedCase, (input) => {
      const { plan } = checkCase(input);
      assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan);
    }),
    { numRuns: 500 },
  );
});

test('extends is associative: a chain of templates gives what one list of them gives', () => {
  const oneOf = (...texts: string[]) => fc.constantFrom(...texts);
  const template = fc.record(
    {
      image: oneOf('a', 'b', 'null', '{name: c, entrypoint: [""]}', '{name: d, docker: {user: me}}'),
      script: oneOf('[one]', '[two]', 'three'),
      variables: fc
        .dictionary(oneOf('A', 'B', 'C'), oneOf('1', 'x', '{value: y, expand: false}'), { maxKeys: 3 })
        .map((variables) => `{${inline(variables)}}`),
      artifacts: oneOf('{paths: [a]}', '{exclude: [b]}', '{when: always}', 'null'),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.array(template, { minLength: 1, maxLength: 5 }), (templates) => {
      const names = templates.map((_, index) => `.t${index}`);
      const separate = templates.map((keys, index) => `.t${index}: {${inline(keys)}}`);
      const chained = templates.map((keys, index) => {
        return `.t${index}: {${inline(index === 0 ? keys : { extends: `.t${index - 1}`, ...keys })}}`;
      });
      const list = planOfJob([...separate, 'base: {script: [make]}', `job: {extends: [base, ${names.join(', ')}]}`]);
      const chain = planOfJob([...chained, 'base: {script: [make]}', `job: {extends: [base, ${names.at(-1)}]}`]);
      assert.deepEqual(list, chain);
    }),
    { numRuns: 300 },
  );
});

const inline = (keys: Record<string, string>): string =>
  Object.entries(keys)
    .map(([key, text]) => `${key}: ${text}`)
    .join(', ');

function planOfJob(lines: readonly string[]): object {
  const { plan, diagnostics } = checkText(lines.join('\n'));
  assert.deepEqual(diagnostics, []);
  const job = plan?.stages.flatMap((stage) => stage.jobs).find((each) => each.name === 'job');
  assert.ok(job);
  return { ...job, span: undefined };
}
