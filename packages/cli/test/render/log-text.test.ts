import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cleanLogLine, visible } from '../../src/render/ansi.ts';
import { LineAssembler } from '../../src/render/LineAssembler.ts';
import { LogTail } from '../../src/render/LogTail.ts';
import { linePrefix, prefixLines } from '../../src/render/log-lines.ts';

const nasty = fc.array(
  fc.oneof(
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc.constantFrom(
      '\x1b',
      '\x1b[',
      '\x1b]',
      '\x07',
      '\r',
      '\n',
      '\x9b',
      '\x1bP',
      '31m',
      '\x1b[1;31m',
      '\x1b[2J',
      '\x1b[?25l',
      '\x1b]8;;x\x07',
      '\x1b\\',
      '日',
      '👩‍👩‍👧',
    ),
  ),
  { maxLength: 12 },
);
const anyText = nasty.map((parts) => parts.join(''));
const noControls = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/;

test('whatever a line of a log holds, at most colours are left of its control sequences', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const line = text.replaceAll('\n', ' ');
      assert.doesNotMatch(cleanLogLine(line, false), noControls);
      assert.doesNotMatch(cleanLogLine(line, true).replace(/\x1b\[[0-9;:]*m/g, ''), noControls);
    }),
  );
});

test('a line of a log shows the characters that would turn its direction', () => {
  for (const direction of ['\u061c', '\u200e', '\u200f', '\u2028', '\u202e', '\u2066', '\u2069']) {
    const line = `rm -r ${direction}safe`;
    const code = direction.charCodeAt(0).toString(16);
    assert.equal(cleanLogLine(line, true), `rm -r \\u{${code}}safe`);
    const printed = prefixLines(Buffer.from(`${line}\n`), linePrefix('job │ '), true);
    assert.equal(Buffer.from(printed as string).toString(), `job │ rm -r \\u{${code}}safe\n`);
  }
  assert.equal(cleanLogLine('שלום 👩‍👩‍👧', false), 'שלום 👩‍👩‍👧');
});

test('cleaning twice changes nothing more', () => {
  fc.assert(
    fc.property(anyText, fc.boolean(), (text, color) => {
      const once = cleanLogLine(text.replaceAll('\n', ' '), color);
      assert.equal(cleanLogLine(once, color), once);
    }),
  );
});

test('a name is one line without anything to obey', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      assert.doesNotMatch(visible(text), /[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
    }),
  );
});

test('a line made to be slow is cleaned in linear time', () => {
  for (const piece of ['\x1b]', '\x1b[', '\x1b[1;', '\x1bP', '\x9b', '\r']) {
    const started = process.cpuUsage();
    cleanLogLine(piece.repeat(200_000), true);
    const { user } = process.cpuUsage(started);
    assert.ok(user < 2_000_000, `${JSON.stringify(piece)} took ${user} µs`);
  }
});

test('colours are kept when wanted and end with their line', () => {
  assert.equal(cleanLogLine('\x1b[31mred', true), '\x1b[31mred\x1b[0m');
  assert.equal(cleanLogLine('\x1b[31mred\x1b[0m', true), '\x1b[31mred\x1b[0m');
  assert.equal(cleanLogLine('\x1b[31mred', false), 'red');
  assert.equal(cleanLogLine('10%\r50%\r100%\r', true), '100%');
  assert.equal(cleanLogLine('section_start:1:x\r\x1b[0KHeader', false), 'Header');
});

test('lines come out whole and in order, however the bytes were cut', () => {
  const pieces = fc.array(
    fc.uint8Array({ maxLength: 20 }).map((bytes) => bytes.map((byte) => (byte < 60 ? 10 : byte))),
  );
  fc.assert(
    fc.property(pieces, (chunks) => {
      const assembler = new LineAssembler();
      const out: Uint8Array[] = [];
      for (const chunk of chunks) {
        const lines = assembler.push(chunk);
        if (lines !== null) {
          assert.equal(lines.at(-1), 10);
          out.push(Buffer.from(lines));
        }
      }
      const rest = assembler.flush();
      const all = Buffer.concat(rest === null ? out : [...out, rest.subarray(0, -1)]);
      assert.deepEqual(all, Buffer.concat(chunks));
    }),
  );
});

test('a line without end is broken, a progress bar without end leaves its last state; neither fills the memory', () => {
  const endless = new LineAssembler();
  let printed = 0;
  for (let index = 0; index < 1000; index += 1) {
    printed += endless.push(Buffer.alloc(1000, 'x'))?.length ?? 0;
  }
  assert.ok(printed > 900_000);
  const progress = new LineAssembler();
  for (let index = 0; index < 50_000; index += 1) {
    assert.equal(progress.push(Buffer.from(`\r${index} %`)), null);
  }
  assert.match(String(progress.flush()), /49999 %\n$/);
});

test('bytes that need no cleaning come out as they went in, each line behind its prefix', () => {
  const prefix = linePrefix('jöb │ ');
  assert.equal(String(prefixLines(Buffer.from('äöü\n日本\n\n'), prefix, false)), 'jöb │ äöü\njöb │ 日本\njöb │ \n');
  fc.assert(
    fc.property(
      fc.array(
        anyText.map((text) => text.replaceAll('\n', ' ')),
        { minLength: 1 },
      ),
      (lines) => {
        const fast = String(prefixLines(Buffer.from(`${lines.join('\n')}\n`), prefix, false));
        // Text that is no valid Unicode changes on its way through bytes.
        const expected = lines.map((line) => `jöb │ ${cleanLogLine(Buffer.from(line).toString(), false)}\n`).join('');
        assert.equal(fast, expected);
      },
    ),
  );
});

test('bytes that are no text are shown as replacement characters', () => {
  assert.equal(
    String(prefixLines(Uint8Array.of(0xff, 0x9b, 0x32, 0x4a, 10), linePrefix(''), true)),
    '\ufffd\ufffd2J\n',
  );
});

test('a tail keeps the last lines of any amount of output', () => {
  const tail = new LogTail();
  for (let index = 1; index <= 10_000; index += 1) {
    tail.append(Buffer.from(`line ${index}\n`));
  }
  assert.deepEqual(tail.lines(3, false), ['line 9998', 'line 9999', 'line 10000']);
  tail.append(Buffer.alloc(100_000, 'y\n'));
  assert.deepEqual(tail.lines(2, false), ['y', 'y']);
  tail.clear();
  assert.deepEqual(tail.lines(2, false), []);
  tail.append(Buffer.from('unfinished'));
  assert.deepEqual(tail.lines(2, false), ['unfinished']);
});
