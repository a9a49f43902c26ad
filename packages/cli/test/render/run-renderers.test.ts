import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createRunRenderer } from '../../src/render/create-run-renderer.ts';
import { FakeClock } from './FakeClock.ts';
import { FakeStream, fakeIo } from './FakeIo.ts';
import { assertGolden } from './golden.ts';
import { caseStart, expandCase, type RunCase } from './run-case.ts';
import { ScreenModel } from './ScreenModel.ts';

const cases = new URL('./cases/', import.meta.url);
const names = readdirSync(cases)
  .filter((name) => name.endsWith('.case.json'))
  .map((name) => name.slice(0, -'.case.json'.length));

function readCase(name: string): RunCase {
  return JSON.parse(readFileSync(new URL(`${name}.case.json`, cases), 'utf8')) as RunCase;
}

async function play(runCase: RunCase, format: 'text' | 'json' | 'ndjson', options: { color?: boolean } = {}) {
  const stdout = new FakeStream();
  const stderr = new FakeStream();
  stdout.color = options.color ?? false;
  const renderer = createRunRenderer({ format, io: fakeIo(stdout, stderr) });
  for (const { event } of expandCase(runCase)) {
    await renderer.event(event);
  }
  renderer.close();
  return { stdout: stdout.text, stderr: stderr.text };
}

async function playLive(runCase: RunCase, screen: ScreenModel) {
  const clock = new FakeClock(caseStart);
  const stdout = new FakeStream((data) => screen.write(data));
  stdout.isTTY = true;
  stdout.columns = screen.columns;
  stdout.rows = screen.rows;
  const renderer = createRunRenderer({
    format: 'text',
    io: fakeIo(stdout, new FakeStream(), { TERM: 'xterm' }),
    clock,
  });
  const moments: string[] = [];
  for (const { at, event } of expandCase(runCase)) {
    const before = clock.now();
    await clock.advanceTo(caseStart + at);
    if (event.type !== 'run-started' && clock.now() > before) {
      moments.push(`--- at ${at} ms\n${screen.text()}`);
    }
    await renderer.event(event);
  }
  renderer.close();
  return `${moments.join('')}--- at the end\n${screen.text()}`;
}

for (const name of names) {
  test(`${name}: as lines`, async () => {
    const { stdout, stderr } = await play(readCase(name), 'text');
    assertGolden(`${stdout}--- stderr\n${stderr}`, new URL(`${name}.plain.txt`, cases));
  });

  test(`${name}: as lines in colour`, async () => {
    const { stdout } = await play(readCase(name), 'text', { color: true });
    assertGolden(stdout.replaceAll('\x1b', '␛'), new URL(`${name}.color.txt`, cases));
  });

  test(`${name}: as ndjson`, async () => {
    const { stdout, stderr } = await play(readCase(name), 'ndjson');
    assert.equal(stderr, '');
    assertGolden(stdout, new URL(`${name}.ndjson`, cases));
  });

  test(`${name}: live on a terminal`, async () => {
    assertGolden(await playLive(readCase(name), new ScreenModel(80, 24)), new URL(`${name}.screen.txt`, cases));
  });

  test(`${name}: -o json prints the report alone on standard output`, async () => {
    const { stdout } = await play(readCase(name), 'json');
    const events = [...expandCase(readCase(name))].map(({ event }) => event);
    const last = events.at(-1);
    assert.deepEqual(JSON.parse(stdout), last?.type === 'run-finished' ? last.report : null);
  });

  test(`${name}: nothing of a name or a log can steer the terminal`, async () => {
    for (const color of [false, true]) {
      const { stdout } = await play(readCase(name), 'text', { color });
      const rest = stdout.replace(/\x1b\[[0-9;:]*m/g, '');
      assert.doesNotMatch(rest, /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]/);
    }
  });
}
