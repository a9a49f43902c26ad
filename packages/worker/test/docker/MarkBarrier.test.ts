import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MarkBarrier, type OutputStream } from '../../src/execution/shell/MarkBarrier.ts';
import { MarkFilter } from '../../src/execution/shell/MarkFilter.ts';

/** What came through, `o` and `e` for pieces of output, `#` for marks, one text each in a row. */
class Passed {
  readonly barrier: MarkBarrier;
  readonly items: string[] = [];

  constructor() {
    this.barrier = new MarkBarrier({
      bytes: (stream, bytes) => this.#add(stream === 'stdout' ? 'o' : 'e', bytes.toString('latin1')),
      mark: (mark) => this.items.push(`#${mark}`),
      end: () => this.items.push('end'),
    });
  }

  out(text: string): void {
    this.barrier.bytes('stdout', Buffer.from(text));
  }

  err(text: string): void {
    this.barrier.bytes('stderr', Buffer.from(text));
  }

  /** The text of one stream. */
  text(letter: 'o' | 'e'): string {
    return this.items.flatMap((item) => (item.startsWith(`${letter} `) ? [item.slice(2)] : [])).join('');
  }

  #add(letter: string, text: string): void {
    const last = this.items.at(-1);
    if (last?.startsWith(`${letter} `)) this.items[this.items.length - 1] = last + text;
    else this.items.push(`${letter} ${text}`);
  }
}

test('a stream is held at a mark until the other has come to it', () => {
  const passed = new Passed();
  const { barrier } = passed;
  barrier.mark('stdout', 0);
  barrier.mark('stderr', 0);
  passed.out('a');
  barrier.mark('stdout', 1);
  passed.out('b');
  barrier.mark('stdout', 2);
  passed.out('c');
  assert.equal(barrier.waitingFor, 1);
  passed.err('A');
  barrier.mark('stderr', 1);
  passed.err('B');
  assert.equal(barrier.waitingFor, 2);
  barrier.end('stdout');
  barrier.end('stderr');
  assert.deepEqual(passed.items, ['#0', 'o a', 'e A', '#1', 'o b', 'e B', '#2', 'o c', 'end']);
});

test('where nothing is held, output passes at once and uncopied', () => {
  const pieces: Buffer[] = [];
  const barrier = new MarkBarrier({ bytes: (_stream, bytes) => pieces.push(bytes), mark: () => {}, end: () => {} });
  barrier.mark('stdout', 0);
  barrier.mark('stderr', 0);
  const piece = Buffer.from('output');
  barrier.bytes('stdout', piece);
  assert.equal(pieces[0], piece);
});

test('a stream that shows no mark is given up, and waited for again when it shows one', () => {
  const passed = new Passed();
  const { barrier } = passed;
  barrier.mark('stdout', 0);
  passed.out('a');
  barrier.giveUp();
  barrier.mark('stdout', 1);
  passed.out('b');
  passed.err('A');
  barrier.mark('stderr', 1);
  barrier.mark('stdout', 2);
  passed.out('c');
  assert.equal(barrier.waitingFor, 2);
  assert.deepEqual(passed.items, ['#0', 'o a', '#1', 'o b', 'e A']);
  barrier.mark('stderr', 2);
  assert.deepEqual(passed.items.slice(5), ['#2', 'o c']);
});

test('a stream is held for a bounded amount of output, whichever stream it comes on', () => {
  for (const stream of ['stdout', 'stderr'] as const) {
    let length = 0;
    const marks: number[] = [];
    const barrier = new MarkBarrier({
      bytes: (_stream, bytes) => (length += bytes.length),
      mark: (mark) => marks.push(mark),
      end: () => {},
    });
    barrier.mark('stdout', 0);
    for (let index = 0; index < 160; index += 1) barrier.bytes(stream, Buffer.alloc(65_536));
    assert.equal(length, 160 * 65_536);
    assert.deepEqual(marks, [0]);
  }
});

test('marks that do not rise and output behind the end are left out', () => {
  const passed = new Passed();
  const { barrier } = passed;
  for (const mark of [3, 3, 1]) {
    barrier.mark('stderr', mark);
    barrier.mark('stdout', mark);
  }
  barrier.end('stdout');
  passed.out('orphan');
  passed.err('A');
  barrier.end('stderr');
  barrier.end('stderr');
  assert.deepEqual(passed.items, ['#3', 'e A', 'end']);
});

const piece = fc.constantFrom('', 'x', 'y\n', '@', '@@', 'long line\n');
const sections = fc.array(fc.record({ out: piece, err: piece }, { noNullPrototype: true }), {
  minLength: 1,
  maxLength: 8,
});
/** In what portions which stream is read. */
const reading = fc.array(fc.record({ out: fc.boolean(), length: fc.integer({ min: 1, max: 9 }) }), { maxLength: 60 });

/** Passes texts of both streams through filters and a barrier, in portions; without a mark where it is lost. */
function passThrough(
  parts: readonly { out: string; err: string }[],
  portions: readonly { out: boolean; length: number }[],
  lost: (stream: OutputStream, index: number) => boolean = () => false,
  giveUps: ReadonlySet<number> = new Set(),
): Passed {
  const passed = new Passed();
  const whole = (stream: OutputStream, texts: readonly string[]) =>
    Buffer.from(`${texts.map((text, index) => (lost(stream, index) ? text : `@m${index}\n${text}`)).join('')}@e\n`);
  const filter = (stream: OutputStream) =>
    new MarkFilter(['@e', '@m'], {
      bytes: (bytes) => passed.barrier.bytes(stream, bytes),
      mark: (kind, text) => (kind === 0 ? passed.barrier.end(stream) : passed.barrier.mark(stream, Number(text))),
    });
  const streams = {
    stdout: {
      rest: whole(
        'stdout',
        parts.map((part) => part.out),
      ),
      filter: filter('stdout'),
    },
    stderr: {
      rest: whole(
        'stderr',
        parts.map((part) => part.err),
      ),
      filter: filter('stderr'),
    },
  };
  const read = (stream: OutputStream, length: number) => {
    const from = streams[stream];
    from.filter.push(from.rest.subarray(0, length));
    from.rest = from.rest.subarray(length);
  };
  for (const [index, { out, length }] of portions.entries()) {
    read(out ? 'stdout' : 'stderr', length);
    if (giveUps.has(index)) passed.barrier.giveUp();
  }
  read('stderr', Number.POSITIVE_INFINITY);
  read('stdout', Number.POSITIVE_INFINITY);
  return passed;
}

test('however two streams are read, each command has its own output behind its mark', () => {
  fc.assert(
    fc.property(sections, reading, (parts, portions) => {
      const { items } = passThrough(parts, portions);
      assert.equal(items.at(-1), 'end');
      const found: { out: string; err: string }[] = [];
      for (const item of items.slice(0, -1)) {
        const last = found.at(-1);
        if (item.startsWith('#')) {
          assert.equal(item, `#${found.length}`);
          found.push({ out: '', err: '' });
        } else if (item.startsWith('o')) (last as { out: string }).out += item.slice(2);
        else (last as { err: string }).err += item.slice(2);
      }
      assert.deepEqual(found, parts);
    }),
    { numRuns: 2000 },
  );
});

test('whatever marks are lost and whenever patience ends, nothing is lost or doubled and marks rise', () => {
  const losses = fc.array(fc.record({ out: fc.boolean(), err: fc.boolean() }), { minLength: 8, maxLength: 8 });
  fc.assert(
    fc.property(sections, reading, losses, fc.array(fc.nat(60)), (parts, portions, lost, giveUps) => {
      const isLost = (stream: OutputStream, index: number) =>
        lost[index]?.[stream === 'stdout' ? 'out' : 'err'] === true;
      const passed = passThrough(parts, portions, isLost, new Set(giveUps));
      assert.equal(passed.text('o'), parts.map((part) => part.out).join(''));
      assert.equal(passed.text('e'), parts.map((part) => part.err).join(''));
      const marks = passed.items.filter((item) => item.startsWith('#')).map((item) => Number(item.slice(1)));
      const expected = parts.flatMap((_, index) => (isLost('stdout', index) && isLost('stderr', index) ? [] : [index]));
      if (giveUps.length === 0) assert.deepEqual(marks, expected);
      assert.ok(marks.every((mark, index) => index === 0 || mark > (marks[index - 1] as number)));
      assert.equal(passed.items.at(-1), 'end');
      assert.equal(passed.barrier.waitingFor, null);
    }),
    { numRuns: 2000 },
  );
});
