import { suite, test } from 'node:test';
import { killBackend } from './cases/kill-backend.ts';
import { killWorkerBackInTime, killWorkerBackLate } from './cases/kill-worker.ts';
import { answersLost, networkCut } from './cases/network.ts';
import { sameIdentity } from './cases/same-identity.ts';
import { Random } from './Random.ts';

// A few seeds of the faults that matter most; `npm run test:faults` runs all of them with as many seeds as you ask for.
// The services are those of the installed package: its guardian is a program of its own, which a bundle can lack.
const chosen = [
  { fault: killBackend, seeds: [3, 8] },
  { fault: killWorkerBackInTime, seeds: [1, 3] },
  { fault: killWorkerBackLate, seeds: [2, 5] },
  { fault: networkCut, seeds: [0, 2] },
  { fault: answersLost, seeds: [1] },
  { fault: sameIdentity, seeds: [21] },
];

suite('faults', { concurrency: 2 }, () => {
  for (const { fault, seeds } of chosen) {
    for (const seed of seeds)
      test(`${fault.title}, seed ${seed}`, async () => void (await fault.run(new Random(seed), seed)));
  }
});
