import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { expandKnown } from '../../src/variables/expand-known.ts';
import { expandText } from '../../src/variables/expand-text.ts';
import { expandVariables, type VariableLayer } from '../../src/variables/expand-variables.ts';
import { findVariableCycles } from '../../src/variables/find-variable-cycles.ts';

const layer = (values: Record<string, string>, raw = false): VariableLayer =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value, raw }]));

function expand(...layers: VariableLayer[]): Record<string, string> {
  const expanded = expandVariables(layers);
  assert.ok(expanded.ok);
  return expanded.value;
}

const values: readonly (readonly [string, string])[] = [
  ['plain', 'plain'],
  ['$A', 'a'],
  ['${A}', 'a'],
  ['%A%', 'a'],
  ['<$A${B}%A%>', '<aba>'],
  ['$NESTED', '[ab]'],
  ['$NOPE!', '!'],
  ['${NOPE}', ''],
  ['%NOPE%', '%NOPE%'],
  ['$$A', '$A'],
  ['$$$A', '$a'],
  ['%%A%%', '%%A%%'],
  ['$RAW', '$A'],
  ['$DOLLAR', '$A'],
  ['100$', '100$'],
  ['$ A', '$ A'],
  ['$1 $* $?', '  '],
  ['${A:-x}', ''],
  ['${', ''],
  ['${}', ''],
  ['$X:end', ':end'],
];

for (const [text, expected] of values) {
  test(`${text} expands to ${JSON.stringify(expected)}`, () => {
    const others = { ...layer({ A: 'a', B: 'b', NESTED: '[$A$B]', DOLLAR: '$$A' }), ...layer({ RAW: '$A' }, true) };
    assert.equal(expand({ ...layer({ X: text }), ...others })['X'], expected);
  });
}

test('the strongest layer wins, and others see its value whatever the order', () => {
  const expanded = expand(layer({ A: 'weak', SEES: '$A' }), layer({ A: 'strong' }));
  assert.deepEqual(expanded, { A: 'strong', SEES: 'strong' });
});

test('a self-reference takes the value of the weaker layer, expanded', () => {
  assert.deepEqual(expand(layer({ P: '$Q' }), layer({ P: '$P:job', Q: 'q' }), layer({ P: '$P:run' })), {
    P: 'q:job:run',
    Q: 'q',
  });
  assert.deepEqual(expand(layer({ P: '$P:x' })), { P: ':x' });
});

test('a weaker raw value is inserted as it is', () => {
  assert.deepEqual(expand(layer({ P: '$HOME' }, true), layer({ P: '<$P>' })), { P: '<$HOME>' });
  assert.deepEqual(expand(layer({ P: '$HOME' }, true), layer({ P: '$P:2' }), layer({ P: '$P:3' })), { P: '$HOME:2:3' });
});

test('a circle is refused by name', () => {
  const expanded = expandVariables([layer({ X: '$A', A: '$B', B: '${C}', C: '%A%' })]);
  assert.ok(!expanded.ok);
  assert.match(expanded.error.message, /circular variable reference detected: \["A","B","C"\]/);
});

test('a circle through a raw variable is none', () => {
  const variables = { ...layer({ A: '$B' }), ...layer({ B: '$A' }, true) };
  assert.deepEqual(expand(variables), { A: '$A', B: '$A' });
  assert.deepEqual(findVariableCycles(variables), []);
});

test('values that double at every step are refused before they fill the memory', () => {
  const doubling = Object.fromEntries(Array.from({ length: 60 }, (_, step) => [`V${step + 1}`, `$V${step}$V${step}`]));
  const expanded = expandVariables([layer({ V0: 'xx', ...doubling })]);
  assert.ok(!expanded.ok);
  assert.match(expanded.error.message, /beyond 1 MB/);
  const big = 'x'.repeat(600_000);
  assert.ok(!expandVariables([{ BIG: { value: big, raw: true }, A: { value: '$BIG$BIG' } }]).ok);
});

test('a chain of 50,000 variables is expanded', () => {
  const chain = Object.fromEntries(Array.from({ length: 50_000 }, (_, step) => [`V${step}`, `$V${step + 1}`]));
  assert.equal(expand(layer({ ...chain, V50000: 'end' }))['V0'], 'end');
  assert.deepEqual(findVariableCycles(layer({ ...chain, V50000: '$V0' }))[0]?.length, 50_001);
});

test('cycles are found in groups, self-references are none', () => {
  assert.deepEqual(findVariableCycles(layer({ A: '$B', B: '$A', C: '$C', D: '$A', E: '$F', F: '${E}' })), [
    ['A', 'B'],
    ['E', 'F'],
  ]);
});

test('names of object members are ordinary names', () => {
  assert.deepEqual(Object.entries(expand(layer({ A: '<$constructor$toString>' }))), [['A', '<>']]);
  const odd = JSON.parse('{"__proto__": {"value": "p"}, "A": {"value": "$__proto__"}}') as VariableLayer;
  assert.deepEqual(Object.entries(expand(odd)), [
    ['__proto__', 'p'],
    ['A', 'p'],
  ]);
});

test('known names are replaced in rules, unknown ones stay', () => {
  assert.equal(expandKnown('$A/${B}/%A%/$NOPE', { A: 'a', B: '$A' }), 'a/a/a/$NOPE');
  assert.equal(expandKnown('$A', { A: '$B', B: '$A' }).length, 2);
});

const name = fc.constantFrom('A', 'B', 'C', 'D', 'E');
const piece = fc.oneof(
  name.map((used) => `$${used}`),
  name.map((used) => `\${${used}}`),
  name.map((used) => `%${used}%`),
  fc.constantFrom('$$', '%%', 'x', ' ', '$', '{', '}'),
);
const variable = fc.record({
  value: fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join('')),
  raw: fc.boolean(),
});
const anyLayer: fc.Arbitrary<VariableLayer> = fc.dictionary(name, variable, { maxKeys: 5 });

test('expansion always ends: with values, or because of a cycle', () => {
  fc.assert(
    fc.property(anyLayer, (variables) => {
      const expanded = expandVariables([variables]);
      assert.equal(expanded.ok, findVariableCycles(variables).length === 0);
    }),
  );
});

test('raw values come out as they went in', () => {
  fc.assert(
    fc.property(anyLayer, (variables) => {
      const expanded = expandVariables([variables]);
      fc.pre(expanded.ok);
      for (const [key, { value, raw }] of Object.entries(variables)) {
        if (raw === true) assert.equal(expanded.value[key], value);
      }
    }),
  );
});

test('what is expanded and then taken as raw does not change again', () => {
  fc.assert(
    fc.property(anyLayer, (variables) => {
      const expanded = expandVariables([variables]);
      fc.pre(expanded.ok);
      assert.deepEqual(expand(layer(expanded.value, true)), expanded.value);
    }),
  );
});

test('a text is expanded in one pass', () => {
  assert.equal(
    expandText('$A', (used) => (used === 'A' ? '$B' : 'no')),
    '$B',
  );
});
