import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createSecretMask, type SecretMask } from '../../src/execution/log/mask-secrets.ts';

const maskOf = (...values: string[]): SecretMask =>
  createSecretMask(values.map((value, index) => ({ name: `S${index}`, value, secret: true })));

/** A stream's output when it comes in the given pieces. */
function inPieces(mask: SecretMask, pieces: readonly Uint8Array[]): string {
  const stream = mask.stream();
  return Buffer.concat([...pieces.map((piece) => Buffer.from(stream.write(piece))), stream.flush()]).toString('latin1');
}

test('secrets are replaced, other variables are not', () => {
  const mask = createSecretMask([
    { name: 'TOKEN', value: 'hunter22', secret: true },
    { name: 'PLAIN', value: 'visible' },
  ]);
  assert.equal(mask.text('hunter22 visible hunter2 xhunter22x'), '[MASKED] visible hunter2 x[MASKED]x');
});

test('overlapping and touching secrets become one replacement', () => {
  const mask = maskOf('abcdef', 'defghi');
  assert.equal(mask.text('.abcdefghi.'), '.[MASKED].');
  assert.equal(mask.text('abcdefabcdef'), '[MASKED]');
  assert.equal(mask.text('abcabcdef'), 'abc[MASKED]');
});

test('lines of a secret are secret, also with another line end', () => {
  const mask = maskOf('first line\nsecond line\n');
  assert.equal(mask.text('first line\r\nsecond line\r\nfirst'), '[MASKED]\r\n[MASKED]\r\nfirst');
});

test('encoded forms of a secret are secret', () => {
  const value = 'p@ss "word" é/+';
  const mask = maskOf(value);
  const shown = [encodeURIComponent(value), JSON.stringify(value), Buffer.from(value).toString('base64url')];
  for (const prefix of ['', 'u', 'us', 'usr:']) shown.push(Buffer.from(`${prefix}${value}`).toString('base64'));
  for (const text of shown) assert.match(mask.text(text), /^.{0,7}\[MASKED\].{0,3}$/, text);
});

test('a secret too short to hide is named, an empty one is not', () => {
  assert.deepEqual(maskOf('abc', '').warnings, ['secret S0 is not masked: it has fewer than 4 characters']);
  assert.equal(maskOf('abc').text('abc'), 'abc');
});

test('without secrets the same bytes are handed on', () => {
  const bytes = Buffer.from('anything');
  assert.equal(createSecretMask([]).stream().write(bytes), bytes);
});

test('what cannot belong to a secret any more is let out at once', () => {
  const stream = maskOf('secret').stream();
  assert.equal(Buffer.from(stream.write(Buffer.from('name: sec'))).toString(), 'name: ');
  assert.equal(Buffer.from(stream.write(Buffer.from('ond'))).toString(), 'second');
});

test('a secret of all byte values is found', () => {
  const bytes = Buffer.from(Array.from({ length: 127 }, (_, index) => index + 1));
  assert.equal(
    maskOf(bytes.toString('latin1').replace(/[\r\n]/g, '')).text(bytes.toString().replace(/[\r\n]/g, '')),
    '[MASKED]',
  );
});

const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 60 });
const secrets = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 4, maxLength: 7 }), {
  minLength: 1,
  maxLength: 4,
});

test('however a stream is cut, the result is that of the whole', () => {
  fc.assert(
    fc.property(letters, secrets, fc.array(fc.nat(60)), (text, values, cuts) => {
      const bytes = Buffer.from(text);
      const borders = [0, ...cuts.filter((cut) => cut <= bytes.length).sort((a, b) => a - b), bytes.length];
      const pieces = borders.slice(1).map((border, index) => bytes.subarray(borders[index], border));
      const mask = maskOf(...values);
      assert.equal(inPieces(mask, pieces), mask.text(text));
    }),
    { numRuns: 500 },
  );
});

test('no secret survives and nothing else is lost', () => {
  fc.assert(
    fc.property(letters, secrets, (text, values) => {
      const masked = maskOf(...values).text(text);
      for (const value of values) assert.ok(!masked.includes(value));
      // The same by brute force: every byte that lies in some occurrence is covered.
      const covered = new Set<number>();
      for (const value of values) {
        for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + 1)) {
          for (let index = at; index < at + value.length; index++) covered.add(index);
        }
      }
      const expected = [...text].map((letter, index) => (covered.has(index) ? '*' : letter)).join('');
      assert.equal(masked, expected.replace(/\*+/g, '[MASKED]'));
    }),
    { numRuns: 500 },
  );
});
