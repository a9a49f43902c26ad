import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DerivedEvents } from '@xx-pipeline/client';
import type { JobEvent } from '@xx-pipeline/common';
import { LocalRunRig, planOf } from './LocalRunRig.ts';

const text = `
stages: [a]
image: busybox
fine:
  stage: a
  script:
    - print one
    - |
      print two
      print three
  after_script: [print after]
  artifacts: { paths: [missing] }
broken: { stage: a, script: [print before, exit 3] }
`;

/** Events that no line of a log stands for: bytes of a pull, the end, and the phases before the first line. */
const isInLog = (event: JobEvent): boolean =>
  event.type !== 'log' &&
  event.type !== 'finished' &&
  !(event.type === 'pull-progress' && event.total > 0) &&
  !(event.type === 'phase' && event.phase === 'dependencies');

test('who follows the log of a job derives the events that the runner has sent', async () => {
  await using rig = await LocalRunRig.create();
  await rig.run(text, { behave: () => ({ delay: { pull: 2000 } }) });
  const scripts = new Map(planOf(text).stages.flatMap(({ jobs }) => jobs.map((job) => [job.name, job.script])));
  for (const [name, script] of scripts) {
    const sent = rig.events.flatMap((event) =>
      event.type === 'job-event' && event.jobName === name ? [event.event] : [],
    );
    const derived = new DerivedEvents(script);
    const read = sent.flatMap((event) => (event.type === 'log' ? derived.of(event.chunk) : []));
    const shape = (events: readonly JobEvent[]) =>
      events.filter(isInLog).map((event) => {
        const { at: _, ...rest } = event as JobEvent & { at: number };
        return rest;
      });
    // The container is prepared before the first line: followers know it from the record.
    assert.deepEqual([{ type: 'phase', phase: 'prepare' }, ...shape(read)], shape(sent), name);
    assert.ok(read.some((event) => event.type === 'command' && event.index === 1));
  }
});
