import process from 'node:process';
import { test } from 'node:test';
import { Dice } from './Dice.ts';
import { Rig } from './Rig.ts';
import { Simulation } from './Simulation.ts';

const seeds = Number(process.env['XX_SEEDS'] ?? 8);
const first = Number(process.env['XX_FIRST_SEED'] ?? 1);
const steps = 120;

for (const backends of [1, 2]) {
  test(`whatever gets lost, comes twice or dies, a run of ${backends === 1 ? 'one backend' : 'two backends'} comes to its end`, async () => {
    for (let seed = first; seed < first + seeds; seed++) {
      await using rig = await Rig.open(backends);
      const simulation = new Simulation(rig, new Dice(seed));
      try {
        await simulation.run(steps);
      } catch (error) {
        throw new Error(
          `seed ${seed} with ${backends} backends (XX_FIRST_SEED=${seed} XX_SEEDS=1):\n${simulation.story}`,
          {
            cause: error,
          },
        );
      }
    }
  });
}
