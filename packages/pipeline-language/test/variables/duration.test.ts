import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseDuration } from '../../src/variables/duration.ts';

const durations: readonly (readonly [string, number | null])[] = [
  ['90', 90],
  ['0', 0],
  ['3h30m', 12_600],
  ['3h 30m', 12_600],
  ['3 hours and 30 minutes', 12_600],
  ['1 hour, 10 mins', 4200],
  ['1.5 hours', 5400],
  ['.5 h', 1800],
  ['2 HRS', 7200],
  ['10 s', 10],
  ['5 sec', 5],
  ['1 day', 86_400],
  ['2 dy', 172_800],
  ['1 week', 604_800],
  ['3 wks', 1_814_400],
  ['1 mo', 2_592_000],
  ['2 mos 20 days', 6_912_000],
  ['1 year', 31_557_600],
  ['1 yr with 1 sec', 31_557_601],
  ['1:30', 90],
  ['1:00:00', 3600],
  ['two hours', 7200],
  ['twenty five minutes', 1500],
  ['twenty-five minutes', 1500],
  ['ninety plus 1 second', null],
  ['1 hour 30', 3630],
  ['', null],
  ['soon', null],
  ['1 fortnight', null],
  ['hour', null],
  ['1 2', null],
  ['-1 hour', null],
  ['1h x', null],
  ['never', null],
  ['1:2:3:4:5:6:7', null],
  ['9'.repeat(100), null],
  ['1'.repeat(300), null],
];

for (const [text, expected] of durations) {
  test(`${JSON.stringify(text.slice(0, 30))} is ${expected ?? 'no duration'}`, () => {
    assert.equal(parseDuration(text), expected);
  });
}

test('any text gives whole seconds or nothing', () => {
  const word = fc.constantFrom('1', '2.5', 'h', 'min', 'and', 'twenty', 'one', ':', '-', ',', ' ', 'mo', 'x');
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(word).map((words) => words.join('')),
      ),
      (text) => {
        const seconds = parseDuration(text);
        assert.ok(seconds === null || (Number.isSafeInteger(seconds) && seconds >= 0));
      },
    ),
  );
});
