import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { inOneLine, LocalRunRig, type RigOptions } from './LocalRunRig.ts';

/** What a scenario expects, behind the `---` of its file. Times are seconds from the beginning. */
interface Expectation {
  readonly options?: Pick<RigOptions, 'slots' | 'select' | 'play'>;
  readonly interruptAt?: number;
  readonly killAt?: number;
  readonly status: string;
  readonly warnings?: boolean;
  readonly reason?: string;
  readonly jobs: Readonly<Record<string, string>>;
}

const directory = join(import.meta.dirname, 'scenarios');

for (const file of readdirSync(directory)) {
  test(`scenario: ${file.replace('.yml', '').replaceAll('-', ' ')}`, async () => {
    const [pipeline = '', expected = ''] = readFileSync(join(directory, file), 'utf8').split('\n---\n');
    const expectation = parse(expected) as Expectation;
    await using rig = await LocalRunRig.create();
    at(rig, expectation.interruptAt, () => rig.interrupt.abort(new Error('interrupted by SIGINT')));
    at(rig, expectation.killAt, () => rig.kill.abort());
    const { execution, report } = await rig.run(pipeline, expectation.options);
    assert.deepEqual(Object.fromEntries(execution.jobs.map((job) => [job.name, inOneLine(job)])), expectation.jobs);
    assert.deepEqual(
      { status: execution.status, warnings: execution.warnings, reason: execution.reason },
      { status: expectation.status, warnings: expectation.warnings ?? false, reason: expectation.reason ?? null },
    );
    for await (const stored of rig.store.reports()) assert.deepEqual(stored.report, report);
  });
}

function at(rig: LocalRunRig, seconds: number | undefined, act: () => void): void {
  if (seconds !== undefined) void rig.clock.sleep(seconds * 1000).then(act);
}
