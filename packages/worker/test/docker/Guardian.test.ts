import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ManualClock } from '@xx-pipeline/testing';
import { type GuardedPlaces, Guardian } from '../../src/execution/docker/guardian/Guardian.ts';

type Warning = Readonly<Record<string, unknown>>;

/** A guardian whose program is the test's. */
class GuardianRig implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'xx-guardian-'));
  readonly clock = new ManualClock();
  readonly warnings: Warning[] = [];
  readonly guardian: Guardian;
  #warned: (() => void) | null = null;

  constructor(source: string | null) {
    if (source !== null) writeFileSync(this.path('program.mjs'), source);
    const places: GuardedPlaces = {
      lease: this.path('lease'),
      lock: this.path('lock'),
      guardian: this.path('guardian'),
      records: this.path('records'),
      engine: null,
    };
    this.guardian = new Guardian(places, {
      clock: this.clock,
      program: this.path('program.mjs'),
      warn: (message, fields) => {
        this.warnings.push({ message, ...fields });
        this.#warned?.();
      },
    });
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  /** Resolves when so many warnings have come. */
  async warned(count: number): Promise<void> {
    while (this.warnings.length < count) {
      await new Promise<void>((resolve) => {
        this.#warned = resolve;
      });
    }
  }

  [Symbol.dispose](): void {
    this.guardian.end();
    rmSync(this.directory, { recursive: true });
  }
}

test('a guardian that ends at once is reported with its reason, and started again after longer and longer pauses', async () => {
  using rig = new GuardianRig("throw new TypeError('no such thing')");
  rig.guardian.ensure();
  await rig.warned(1);
  assert.equal(rig.warnings[0]?.['why'], 'TypeError: no such thing');
  assert.match(String(rig.warnings[0]?.['message']), /^guardian process failed: .* restarting it$/);
  rig.guardian.ensure();
  await rig.clock.advance(499);
  assert.equal(rig.warnings.length, 1);
  await rig.clock.advance(1);
  await rig.warned(2);
  await rig.clock.advance(1000);
  await rig.warned(3);
  assert.deepEqual(
    rig.warnings.map(({ pauseMs }) => pauseMs),
    [500, 1000, 2000],
  );
});

test('a guardian whose program is missing is reported', async () => {
  using rig = new GuardianRig(null);
  rig.guardian.ensure();
  await rig.warned(1);
  assert.match(String(rig.warnings[0]?.['why']), /Cannot find module/);
});

test('a guardian that has nothing to guard ends without a word, and the next container starts another', async () => {
  using rig = new GuardianRig(`
    import { appendFileSync } from 'node:fs';
    appendFileSync(JSON.parse(process.argv[2]).lease, '.');
    if ((await import('node:fs')).readFileSync(JSON.parse(process.argv[2]).lease, 'utf8').length > 1) throw new Error('second');
  `);
  rig.guardian.ensure();
  while (!existsSync(rig.path('lease')) || existsSync(rig.path('guardian.log'))) await new Promise(setImmediate);
  assert.deepEqual(rig.warnings, []);
  rig.guardian.ensure();
  await rig.warned(1);
  assert.equal(rig.warnings[0]?.['why'], 'Error: second');
  assert.equal(readFileSync(rig.path('lease'), 'utf8'), '..');
});
