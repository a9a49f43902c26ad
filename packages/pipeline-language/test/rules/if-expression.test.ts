import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { evaluateIf } from '../../src/rules/evaluate-if.ts';
import { parseIf } from '../../src/rules/if-expression.ts';

const variables = {
  BRANCH: 'feat/x',
  VERSION: 'v12',
  EMPTY: '',
  BLANK: '  ',
  FALSE: 'false',
  ZERO: '0',
  REF: '$BRANCH-y',
  PATTERN: '/^FEAT/i',
  BROKEN: '/(/',
};

function evaluate(text: string): boolean {
  const parsed = parseIf(text);
  assert.ok(parsed.ok, `${text}: ${parsed.ok ? '' : parsed.error.message}`);
  return evaluateIf(parsed.value, variables).value;
}

const truths: readonly (readonly [string, boolean])[] = [
  ['$BRANCH', true],
  ['$NOPE', false],
  ['$EMPTY', false],
  ['$BLANK', false],
  ['$FALSE', true],
  ['$ZERO', true],
  ['"x"', true],
  ['null', false],
  ['true', true],
  ['false', false],
  ['$BRANCH == "feat/x"', true],
  ["$BRANCH == 'feat/x'", true],
  ['"feat/x" == $BRANCH', true],
  ['$BRANCH != "feat/x"', false],
  ['$EMPTY == null', false],
  ['$EMPTY == ""', true],
  ['$NOPE == null', true],
  ['$NOPE == ""', false],
  ['$NOPE == $OTHER', true],
  ['$FALSE == false', true],
  ['null == false', false],
  ['$REF == "$BRANCH-y"', true],
  ['$BRANCH =~ /^feat\\//', true],
  ['$BRANCH =~ /^FEAT/', false],
  ['$BRANCH =~ /^FEAT/i', true],
  ['$BRANCH !~ /^fix/', true],
  ['$NOPE =~ /.*x/', false],
  ['$NOPE =~ /^$/', true],
  ['$BRANCH =~ $NOPE', false],
  ['$BRANCH !~ $NOPE', true],
  ['$BRANCH =~ $PATTERN', true],
  ['$BRANCH =~ $BROKEN', false],
  ['$BRANCH =~ "/^feat/"', true],
  ['"23" =~ "1234"', true],
  ['"1234" =~ "23"', false],
  ['$VERSION =~ /^v\\d+$/', true],
  ['$NOPE || $BRANCH', true],
  ['$NOPE && $BRANCH', false],
  ['$BRANCH && $NOPE', false],
  ['$BRANCH || $NOPE && $NOPE', true],
  ['($BRANCH || $NOPE) && $NOPE', false],
  ['!$NOPE', true],
  ['!$BRANCH', false],
  ['!!$BRANCH', true],
  ['!($NOPE || $EMPTY)', true],
  ['!$NOPE == true', true],
  ['$BRANCH == "feat/x" && $VERSION == "v12"', true],
  ['$BRANCH\n  == "feat/x"', true],
  ['$BRANCH=="feat/x"&&$VERSION', true],
  ['((((($BRANCH)))))', true],
  ['$__proto__', false],
  ['$constructor == null', true],
];

for (const [text, expected] of truths) {
  test(`${text.replaceAll('\n', ' ')} is ${expected}`, () => {
    assert.equal(evaluate(text), expected);
  });
}

const errors: readonly (readonly [string, number])[] = [
  ['', 0],
  ['   ', 3],
  ['$A = "b"', 3],
  ['${A} == "b"', 0],
  ['%A% == "b"', 0],
  ['$A ==', 5],
  ['== $A', 0],
  ['$A $B', 3],
  ['($A', 0],
  ['$A)', 2],
  ['$A & $B', 3],
  ['$A | $B', 3],
  ['"open', 0],
  ['$A =~ /a/', 6],
  ['$A =~ /(ab/', 6],
  ['$A =~ /(?=ab)/', 6],
  ['$A =~ /ab/x', 10],
  ['A == "b"', 0],
  ['()', 1],
  ['$A == "é" ✗', 10],
];

for (const [text, offset] of errors) {
  test(`${JSON.stringify(text)} is refused at ${offset}`, () => {
    const parsed = parseIf(text);
    assert.ok(!parsed.ok);
    assert.match(parsed.error.message, /invalid expression syntax/);
    assert.equal(parsed.error.offset, offset);
  });
}

test('at most 100 tokens are taken', () => {
  assert.ok(parseIf(Array(50).fill('$A').join(' || ')).ok);
  assert.ok(!parseIf(Array(51).fill('$A').join(' || ')).ok);
  assert.ok(!parseIf('('.repeat(100_000)).ok);
});

test('a regular expression that would explode elsewhere is matched in no time or refused', () => {
  const parsed = parseIf('$A =~ /^(a+)+$/');
  assert.ok(parsed.ok);
  assert.equal(evaluateIf(parsed.value, { A: `${'a'.repeat(50_000)}!` }).value, false);
  assert.ok(!parseIf(`$A =~ /${'a?'.repeat(600)}/`).ok);
  assert.ok(!parseIf('$A =~ /((a{100}){100}){100}/').ok);
});

test('the reason names the variables that were looked at', () => {
  const reasonOf = (text: string) => {
    const parsed = parseIf(text);
    assert.ok(parsed.ok);
    return evaluateIf(parsed.value, variables).reason;
  };
  assert.equal(reasonOf('$NOPE'), 'NOPE is unset');
  assert.equal(reasonOf('$BRANCH == "x" || $NOPE'), 'BRANCH = "feat/x", NOPE is unset');
  assert.equal(reasonOf('$BRANCH || $NOPE'), 'BRANCH = "feat/x"');
  assert.equal(reasonOf('true'), 'no variable is involved');
});

test('any text parses or is refused at a place inside it', () => {
  const piece = fc.constantFrom(
    '$A',
    '"x"',
    '/ab/',
    '(',
    ')',
    '!',
    '==',
    '=~',
    '&&',
    '||',
    'null',
    ' ',
    '"',
    '/',
    '\\',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece).map((pieces) => pieces.join('')),
      ),
      (text) => {
        const parsed = parseIf(text);
        if (parsed.ok) evaluateIf(parsed.value, { A: 'x' });
        else assert.ok(parsed.error.offset >= 0 && parsed.error.offset <= text.length);
      },
    ),
  );
});
