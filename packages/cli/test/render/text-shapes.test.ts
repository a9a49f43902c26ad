import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { formatBytes, formatDuration, formatElapsed } from '@xx-pipeline/client';
import fc from 'fast-check';
import { displayWidth, rowsWrapped, truncate } from '../../src/render/display-width.ts';
import { shellQuote } from '../../src/render/shell-quote.ts';
import { renderTable } from '../../src/render/table.ts';

test('durations and sizes read naturally at every magnitude', () => {
  const durations = [0, 49, 1234, 59_949, 59_950, 60_000, 3_599_000, 3_599_999, 7_380_000].map(formatDuration);
  assert.deepEqual(durations, ['0.0s', '0.0s', '1.2s', '59.9s', '1m 00s', '1m 00s', '59m 59s', '1h 00m', '2h 03m']);
  assert.deepEqual([-5, 999, 59_999, 60_000].map(formatElapsed), ['0s', '0s', '59s', '1m 00s']);
  assert.deepEqual([0, 999, 1000, 9960, 999_499, 340_000_000].map(formatBytes), [
    '0 B',
    '999 B',
    '1.0 kB',
    '10 kB',
    '999 kB',
    '340 MB',
  ]);
});

const text = fc
  .array(fc.constantFrom('a', 'b ', '日', '👩‍👩‍👧', 'e\u0301', '\x1b[31m', '\x1b[39m'))
  .map((parts) => parts.join(''));

test('a cut text is never wider than asked, and one that fits is left alone', () => {
  fc.assert(
    fc.property(text, fc.nat(20), (line, width) => {
      const short = truncate(line, width);
      assert.ok(displayWidth(short) <= width);
      if (displayWidth(line) <= width) {
        assert.equal(short, width === 0 ? '' : line);
      }
    }),
  );
});

test('wide characters move to the next row whole', () => {
  assert.equal(rowsWrapped('', 10), 1);
  assert.equal(rowsWrapped('x'.repeat(10), 10), 1);
  assert.equal(rowsWrapped('x'.repeat(11), 10), 2);
  assert.equal(rowsWrapped(`x${'日'.repeat(5)}`, 10), 2);
});

test('a table lines up wide characters, leaves out empty columns and cuts only what may be cut', () => {
  const columns = [
    { title: 'job', shrink: true },
    { title: 'empty' },
    { title: 'time', right: true },
    { title: 'note', free: true },
  ];
  const rows = [
    ['日本', '', '1s', 'as long as it likes to be'],
    ['a name that is rather long', '', '10s', ''],
  ];
  assert.deepEqual(renderTable(columns, rows, 24), [
    'job                 time  note',
    '日本                  1s  as long as it likes to be',
    'a name that is ra…   10s',
  ]);
});

test('a quoted word is the same word in a shell', () => {
  const words = ["it's", '', 'a b', '$HOME `id` "x" \\', 'unit: [linux, 22]', '-n', '~', '*'];
  const { stdout } = spawnSync('sh', ['-c', `printf '<%s>' ${words.map(shellQuote).join(' ')}`], { encoding: 'utf8' });
  assert.equal(stdout, words.map((word) => `<${word}>`).join(''));
});
