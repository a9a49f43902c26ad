import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MarkFilter } from '../../src/execution/shell/MarkFilter.ts';

const marks = ['aab>', 'ab>'];

/** What a filter makes of a text cut at places. */
function filtered(text: string, cuts: readonly number[]): string[] {
  const found: string[] = [];
  const filter = new MarkFilter(marks, {
    bytes: (bytes) => found.push(`=${bytes.toString('latin1')}`),
    mark: (index, rest) => found.push(`#${index}:${rest}`),
  });
  const bytes = Buffer.from(text, 'latin1');
  const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
  for (let index = 1; index < places.length; index += 1) filter.push(bytes.subarray(places[index - 1], places[index]));
  filter.end();
  // Output in one piece or in several is the same output.
  return found.reduce<string[]>((all, item) => {
    const last = all.at(-1);
    if (item.startsWith('=') && last?.startsWith('=')) all[all.length - 1] = last + item.slice(1);
    else all.push(item);
    return all;
  }, []);
}

test('a filter takes out marks with their lines and leaves the rest', () => {
  assert.deepEqual(filtered('x\nab>one\ny aab>two\nz', []), ['=x\n', '#1:one', '=y ', '#0:two', '=z']);
});

test('a mark without a line end is output', () => {
  assert.deepEqual(filtered('x ab>one', []), ['=x ab>one']);
});

test('where a stream is cut makes no difference', () => {
  const text = fc
    .array(fc.constantFrom('a', 'b', '>', '\n', 'aab>', 'ab>'), { maxLength: 40 })
    .map((all) => all.join(''));
  fc.assert(
    fc.property(text, fc.array(fc.nat(200), { maxLength: 20 }), (whole, cuts) => {
      assert.deepEqual(filtered(whole, cuts), filtered(whole, []));
    }),
    { numRuns: 2000 },
  );
});

test('nothing is lost and nothing added', () => {
  const text = fc.array(fc.constantFrom('a', 'b', '>', '\n', 'ab>'), { maxLength: 40 }).map((all) => all.join(''));
  fc.assert(
    fc.property(text, fc.array(fc.nat(200), { maxLength: 20 }), (whole, cuts) => {
      const back = filtered(whole, cuts).map((item) => {
        if (item.startsWith('=')) return item.slice(1);
        return `${marks[Number(item[1])]}${item.slice(3)}\n`;
      });
      assert.equal(back.join(''), whole);
    }),
    { numRuns: 2000 },
  );
});

test('output without a beginning of a mark at its end is passed on at once and uncopied', () => {
  const pieces: Buffer[] = [];
  const filter = new MarkFilter(marks, { bytes: (bytes) => pieces.push(bytes), mark: () => {} });
  const chunk = Buffer.from('some output, no mark');
  filter.push(chunk);
  assert.equal(pieces.length, 1);
  assert.equal(pieces[0]?.buffer, chunk.buffer);
});

test('a line behind a mark that has no end is given up and passed on', () => {
  let length = 0;
  const filter = new MarkFilter(['ab>'], {
    bytes: (bytes) => (length += bytes.length),
    mark: () => assert.fail('no mark'),
  });
  filter.push(Buffer.from('ab>'));
  for (let index = 0; index < 20; index += 1) filter.push(Buffer.alloc(100_000, 'x'));
  filter.end();
  assert.equal(length, 3 + 2_000_000);
});
