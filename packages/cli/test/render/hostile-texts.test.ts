import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { RunEvent } from '@xx-pipeline/client';
import { createRunRenderer } from '../../src/render/create-run-renderer.ts';
import { renderJob, renderReport, renderRunList } from '../../src/render/report-text.ts';
import { FakeClock } from './FakeClock.ts';
import { FakeStream, fakeIo } from './FakeIo.ts';
import { caseStart, expandCase, type RunCase } from './run-case.ts';

/** A title for the terminal that is never closed, a C1 sequence, text that runs backwards. */
const hostile = '\x1b]0;X\x9b2J\u202e';
const obeyed = /\x1b\]|\x9b|[\u202a-\u202e\u2066-\u2069]/;

/** Texts that are one of a closed set: a schema lets no other through. */
const closed = new Set(['type', 'status', 'phase', 'stream', 'failureReason', 'when']);

/** A value with something hostile in front of every text and every line of a log: no field is left out. */
function spoil(value: unknown, key = ''): unknown {
  if (typeof value === 'string') return closed.has(key) ? value : hostile + value;
  if (value instanceof Uint8Array) return Buffer.concat([Buffer.from(hostile), value]);
  if (Array.isArray(value)) return value.map((entry) => spoil(entry, key));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, spoil(entry, name)]));
}

const cases = ['everything-happens', 'waits-for-a-person', 'hostile-names-and-output'].map((name) => {
  const url = new URL(`./cases/${name}.case.json`, import.meta.url);
  const events = [...expandCase(JSON.parse(readFileSync(url, 'utf8')) as RunCase)];
  return { name, events: events.map(({ at, event }) => ({ at, event: spoil(event) as RunEvent })) };
});

for (const { name, events } of cases) {
  for (const [kind, format] of [
    ['live', 'text'],
    ['plain', 'text'],
    ['document', 'json'],
  ] as const) {
    test(`${name}: the ${kind} renderer prints no control sequence of a run`, async () => {
      const clock = new FakeClock(caseStart);
      const [stdout, stderr] = [new FakeStream(), new FakeStream()];
      stdout.isTTY = kind === 'live';
      const renderer = createRunRenderer({ format, io: fakeIo(stdout, stderr, { TERM: 'xterm' }), clock });
      for (const { at, event } of events) {
        await clock.advanceTo(caseStart + at);
        await renderer.event(event);
      }
      renderer.close();
      assert.doesNotMatch(stderr.text, obeyed);
      // A JSON document is for programs.
      if (format === 'text') assert.doesNotMatch(stdout.text, obeyed);
    });
  }

  test(`${name}: reports print no control sequence of a run`, () => {
    const end = events.at(-1)?.event;
    assert.ok(end?.type === 'run-finished');
    const { report } = end;
    const style = { color: true, columns: 200 };
    const jobs = report.stages.flatMap((stage) => stage.jobs.map((job) => renderJob(job, stage.name, report, style)));
    const texts = [renderRunList([report], style), renderReport(report, 'somewhere', style), ...jobs];
    for (const text of texts) assert.doesNotMatch(text, obeyed);
  });
}
