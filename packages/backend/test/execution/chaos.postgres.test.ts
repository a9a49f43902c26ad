import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jobPlan } from '@xx-pipeline/testing';
import { makePostgres } from '../store/databases.ts';
import { Dice } from './Dice.ts';
import { Rig } from './Rig.ts';
import { Simulation } from './Simulation.ts';

test('whatever gets lost, comes twice or dies, a run of two backends on PostgreSQL comes to its end', async () => {
  for (let seed = 1; seed <= 4; seed++) {
    await using rig = await Rig.open(2, makePostgres);
    const simulation = new Simulation(rig, new Dice(seed));
    try {
      await simulation.run(120);
    } catch (error) {
      throw new Error(`seed ${seed}:\n${simulation.story}`, { cause: error });
    }
  }
});

test('three schedulers on one PostgreSQL never give a job twice', async () => {
  await using rig = await Rig.open(3, makePostgres);
  const worker = await rig.willing({ slots: 200 });
  for (let number = 0; number < 10; number++) {
    await rig.run(...Array.from({ length: 8 }, (_, job) => jobPlan(`j${job}`, 'one')));
  }
  for (let look = 0; look < 20; look++) await Promise.all([rig.schedule(0), rig.schedule(1), rig.schedule(2)]);
  assert.equal(worker.taken.length, 80);
  assert.equal(new Set(worker.taken.map(({ jobId }) => jobId)).size, 80);
});
