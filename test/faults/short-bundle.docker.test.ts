// Workers that are killed or cut off, with the services started from the bundle as users start them: what protects a
// job then (the guardian) is a program of its own, which a bundle can lack.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { killWorkerBackInTime, killWorkerBackLate } from './cases/kill-worker.ts';
import { networkCut } from './cases/network.ts';
import { Random } from './Random.ts';

const chosen = [
  { fault: killWorkerBackInTime, seed: 3 },
  { fault: killWorkerBackLate, seed: 5 },
  { fault: networkCut, seed: 2 },
];
const folder = mkdtempSync(join(tmpdir(), 'xx-bundle-'));

suite('faults of the bundle', { concurrency: 2 }, () => {
  before(() => {
    const build = join(import.meta.dirname, '../../scripts/build.ts');
    execFileSync(process.execPath, [build, '--into', folder], { stdio: 'pipe' });
    process.env['XX_FAULTS_PROGRAM'] = join(folder, 'xx.js');
  });
  after(() => rmSync(folder, { recursive: true }));
  for (const { fault, seed } of chosen) {
    test(`${fault.title}, seed ${seed}`, async () => void (await fault.run(new Random(seed), seed)));
  }
});
