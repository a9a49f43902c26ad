import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import { parseDocument } from 'yaml';
import { pipelineSchema } from '../src/index.ts';
import { indentFlowLines } from '../src/syntax/indent-flow-lines.ts';
import { readCases } from './case-file.ts';

const validate = new Ajv({ allErrors: true, strict: false }).compile(pipelineSchema());

/** The schema sees files before references are resolved, so a reference passes wherever it stands. */
const usesReferences = (text: string) => text.includes('!reference');

test('the schema is valid, and knows jobs and keywords', () => {
  assert.equal(validate({ job: { script: ['make'] } }), true);
  assert.equal(validate({ job: { scrpt: ['make'] } }), false);
  assert.equal(validate({ stages: 'build' }), false);
});

test('a key that is not supported yet is refused', () => {
  assert.equal(validate({ job: { script: ['make'], services: ['postgres'] } }), false);
});

for (const { name, files } of readCases(join(import.meta.dirname, '../testdata/ok'))) {
  const text = files.get('pipeline.yml') ?? '';
  if (usesReferences(text)) continue;
  test(`the schema accepts: ${name}`, () => {
    const part = text.split(/^---$/m).findLast((each) => each.includes(':')) ?? '';
    // The parser of this test is stricter than libyaml about indentation inside brackets.
    const document = parseDocument(indentFlowLines(part, 10_000)?.text ?? part, {
      version: '1.1',
      merge: true,
      uniqueKeys: false,
    });
    validate(document.toJS());
    assert.deepEqual(validate.errors ?? [], []);
  });
}
