import type { BenchWorld } from '../BenchWorld.ts';
import type { Result } from '../Result.ts';
import { BenchDatabase } from './BenchDatabase.ts';
import { BenchServer } from './BenchServer.ts';
import { Driver, jobsPerPipeline } from './Driver.ts';
import { fillHistory } from './fill-history.ts';
import { runMany, type Throughput, tellCpu } from './throughput.ts';

const sizes = [0, 10_000, 100_000, 1_000_000];
const warmUp = 60;
const target = 1.25;

/** (k): what a job costs when so many others lie in the database already. */
export async function history(world: BenchWorld, pipelines: number, largest: number): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const kind of ['sqlite', 'postgres'] as const) {
    await using database = await BenchDatabase.make(world, kind);
    await using server = await BenchServer.start(world, database.url);
    let copied = 0;
    let empty: number | null = null;
    for (const size of sizes.filter((rows) => rows <= largest)) {
      if (size > 0) {
        const [sample = ''] = await withDriver(server, (driver) => driver.newest(1, 'SUCCESS'));
        await server.stopBackend();
        await fillHistory(database.url, sample, copied + 1, size / jobsPerPipeline);
        copied = size / jobsPerPipeline;
        await server.startBackend();
      }
      const cost = await measureOnce(server, database, pipelines);
      const each = cost.backend + cost.database;
      empty ??= each;
      results.push({
        id: 'k',
        what: `${size.toLocaleString('en')} jobs of history, ${database.title}`,
        xx: `${Math.round(cost.jobsPerSecond)} jobs/s; ${tellCpu(cost, kind)} CPU a job`,
        other: '',
        measured: `${(each / empty).toFixed(2)}x of the CPU with none`,
        target: `<= ${target}x`,
        reached: each / empty <= target,
      });
    }
  }
  return results;
}

async function measureOnce(server: BenchServer, database: BenchDatabase, pipelines: number): Promise<Throughput> {
  await using worker = await server.startWorker();
  return await withDriver(server, async (driver) => {
    await runMany(driver, { server, worker, database }, warmUp);
    return await runMany(driver, { server, worker, database }, pipelines);
  });
}

async function withDriver<T>(server: BenchServer, use: (driver: Driver) => Promise<T>): Promise<T> {
  const driver = new Driver(server);
  try {
    return await use(driver);
  } finally {
    driver.close();
  }
}
