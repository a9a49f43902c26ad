import type { BenchWorld } from '../BenchWorld.ts';
import type { Result } from '../Result.ts';
import { BenchDatabase } from './BenchDatabase.ts';
import { BenchServer } from './BenchServer.ts';
import { type DrivenExecution, Driver } from './Driver.ts';

const target = 50;
const warmUp = 20;
const oneAfterAnother = 60;
const sideBySide = 4;

/** (j): how long a job that may start waits until its worker has said that it runs, by the backend's clock. */
export async function latency(world: BenchWorld): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const kind of ['sqlite', 'postgres'] as const) {
    for (const how of ['push', 'poll'] as const) {
      await using database = await BenchDatabase.make(world, kind);
      await using server = await BenchServer.start(world, database.url);
      await server.startWorker({ how });
      const driver = new Driver(server);
      await runInTurn(driver, warmUp);
      const alone = await runInTurn(driver, oneAfterAnother);
      const together = await Promise.all(
        Array.from({ length: sideBySide }, () => runInTurn(driver, oneAfterAnother / sideBySide)),
      );
      driver.close();
      const waits = [...alone, ...together.flat()].flatMap(waitsOf).toSorted((a, b) => a - b);
      const at = (share: number) => waits[Math.ceil(waits.length * share) - 1] ?? Number.NaN;
      const way = how === 'push' ? 'the backend hands over' : 'the worker asks';
      results.push({
        id: 'j',
        what: `from ready to started, ${database.title}, ${way}, ${waits.length} jobs`,
        xx: `median ${at(0.5)} ms, most ${at(1)} ms`,
        other: '',
        measured: `p99 ${at(0.99)} ms`,
        target: `< ${target} ms`,
        reached: at(0.99) < target,
      });
    }
  }
  return results;
}

/** Runs one after another, as one person would. */
async function runInTurn(driver: Driver, count: number): Promise<DrivenExecution[]> {
  const done: DrivenExecution[] = [];
  for (let number = 0; number < count; number++) {
    const { id } = await driver.create();
    await driver.finished(id);
    done.push(await driver.get(id));
  }
  return done;
}

function waitsOf({ jobs }: DrivenExecution): number[] {
  return jobs.map(({ eligibleAt, attempts }) => {
    const startedAt = attempts[0]?.startedAt;
    if (eligibleAt === null || startedAt == null) throw new Error('a job that has not run');
    return Date.parse(startedAt) - Date.parse(eligibleAt);
  });
}
