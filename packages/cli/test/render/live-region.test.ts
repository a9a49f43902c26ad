import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LiveRegion } from '../../src/render/LiveRegion.ts';
import { FakeStream } from './FakeIo.ts';
import { ScreenModel } from './ScreenModel.ts';

const word = fc.constantFrom(
  'lint',
  'a b',
  '✓ ok',
  '日本語',
  'x'.repeat(17),
  '\x1b[32mgreen\x1b[39m',
  'e\u0301',
  '👩‍👩‍👧',
  '…',
);
const line = fc.array(word, { maxLength: 8 }).map((words) => words.join(' '));
const draw = fc.record({ permanent: fc.array(line, { maxLength: 3 }), lines: fc.array(line, { maxLength: 5 }) });
const plain = (text: string): string => text.replace(/\x1b\[\d+m/g, '').trimEnd();

function region(columns: number, rows: number, reflows: boolean) {
  const screen = new ScreenModel(columns, rows, reflows);
  const stream = new FakeStream((data) => screen.write(data));
  stream.columns = columns;
  return { screen, stream, live: new LiveRegion(stream, reflows) };
}

test('the screen ends up with every permanent line in order and the last region below them', () => {
  fc.assert(
    fc.property(fc.array(draw, { maxLength: 12 }), fc.integer({ min: 10, max: 60 }), (draws, columns) => {
      const { screen, live } = region(columns, 8, true);
      const permanent: string[] = [];
      for (const each of draws) {
        permanent.push(...each.permanent);
        live.draw(each.permanent.map((text) => `${text}\n`).join(''), each.lines);
      }
      live.draw('', []);
      assert.equal(screen.text().trimEnd(), permanent.map(plain).join('\n').trimEnd());
    }),
  );
});

for (const reflows of [true, false]) {
  test(`a terminal that ${reflows ? 'wraps anew' : 'cuts lines'} loses no finished line when its width changes`, () => {
    const step = fc.oneof(draw, fc.integer({ min: 24, max: 60 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const { screen, stream, live } = region(60, 40, reflows);
        const permanent: string[] = [];
        for (const each of steps) {
          if (typeof each === 'number') {
            screen.resize(each);
            stream.columns = each;
          } else {
            // Narrow enough for every width, so that no line is cut by the terminal itself.
            const kept = each.permanent.filter((text) => text.length < 20);
            permanent.push(...kept);
            live.draw(kept.map((text) => `${text}\n`).join(''), each.lines);
          }
        }
        live.draw('', []);
        assert.equal(screen.text().trimEnd(), permanent.map(plain).join('\n').trimEnd());
      }),
    );
  });
}

test('an unchanged region is not written again, a changed line alone is', () => {
  const { screen, stream, live } = region(40, 10, true);
  live.draw('', ['one', 'two', 'three']);
  const writes = screen.writes;
  live.draw('', ['one', 'two', 'three']);
  assert.equal(screen.writes, writes);
  stream.text = '';
  live.draw('', ['one', 'TWO', 'three']);
  assert.match(stream.text, /TWO/);
  assert.doesNotMatch(stream.text, /one|three/);
});
