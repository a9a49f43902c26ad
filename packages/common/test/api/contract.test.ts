import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { contract } from '../../src/api/schemas/contract.ts';
import type { PipelinePlan, PlanDocument } from '../../src/index.ts';

interface Documented {
  readonly name: string;
  readonly size?: number;
  readonly parts: readonly { readonly kind: 'a' | 'b' }[];
}

const fields = {
  name: z.string(),
  size: z.number().exactOptional(),
  parts: z.array(z.object({ kind: z.enum(['a', 'b']) })),
};

test('a schema and a type that agree compile, and every way to disagree does not', () => {
  const same = contract<Documented>()(z.object(fields));
  assert.deepEqual(same.parse({ name: 'n', parts: [], other: 1 }), { name: 'n', parts: [] });
  const tie = contract<Documented>();
  // @ts-expect-error a field of the type is missing in the schema
  tie(z.object({ name: fields.name, parts: fields.parts }));
  // @ts-expect-error the schema has a field that the type has not
  tie(z.object({ ...fields, hostname: z.string().exactOptional() }));
  // @ts-expect-error a required field is optional in the schema
  tie(z.object({ ...fields, name: z.string().exactOptional() }));
  // @ts-expect-error an optional field is required in the schema
  tie(z.object({ ...fields, size: z.number() }));
  // @ts-expect-error a value deep inside is missing
  tie(z.object({ ...fields, parts: z.array(z.object({ kind: z.literal('a') })) }));
  const deeper = z.array(z.object({ kind: z.enum(['a', 'b']), more: z.boolean().exactOptional() }));
  // @ts-expect-error a field deep inside is unknown to the type
  tie(z.object({ ...fields, parts: deeper }));
});

test('a plan cannot be written by hand', () => {
  const document: PlanDocument = { schemaVersion: 1, name: null, stages: [], excluded: [], variables: {} };
  // @ts-expect-error only what was checked is a plan
  const plan: PipelinePlan = document;
  assert.equal(plan, document);
});
