import process from 'node:process';
import type { BenchWorld } from '../BenchWorld.ts';
import type { Result } from '../Result.ts';
import { BenchDatabase, type DatabaseKind } from './BenchDatabase.ts';
import { BenchServer } from './BenchServer.ts';
import { Driver, jobsPerPipeline } from './Driver.ts';
import type { ServiceProcess } from './ServiceProcess.ts';

const targets: Readonly<Record<DatabaseKind, number>> = { sqlite: 500, postgres: 300 };
const warmUp = 100;
const creationsAtOnce = 8;

/** What many runs cost. */
export interface Throughput {
  readonly jobsPerSecond: number;
  /** CPU milliseconds per job, of each process. */
  readonly backend: number;
  readonly worker: number;
  readonly driver: number;
  readonly database: number;
}

/** (i): jobs per second from the first creation until the last is over, through real HTTP and a real database. */
export async function throughput(world: BenchWorld, pipelines: number): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const kind of ['sqlite', 'postgres'] as const) {
    await using database = await BenchDatabase.make(world, kind);
    await using server = await BenchServer.start(world, database.url);
    const worker = await server.startWorker();
    const driver = new Driver(server);
    await runMany(driver, { server, worker, database }, warmUp);
    const cost = await runMany(driver, { server, worker, database }, pipelines);
    driver.close();
    results.push({
      id: 'i',
      what: `${pipelines} pipelines of ${jobsPerPipeline} jobs, ${database.title}`,
      xx: `${tellCpu(cost, kind)} CPU a job`,
      other: '',
      measured: `${Math.round(cost.jobsPerSecond)} jobs/s`,
      target: `>= ${targets[kind]} jobs/s`,
      reached: cost.jobsPerSecond >= targets[kind],
    });
  }
  return results;
}

/** Makes runs, waits for all of them, and tells what that cost. */
export async function runMany(
  driver: Driver,
  parts: { readonly server: BenchServer; readonly worker: ServiceProcess; readonly database: BenchDatabase },
  pipelines: number,
): Promise<Throughput> {
  const { server, worker, database } = parts;
  const cpus = () => {
    const { user, system } = process.cpuUsage();
    return [server.backend.cpu, worker.cpu, (user + system) / 1000, database.cpu] as const;
  };
  const before = cpus();
  const startedAt = performance.now();
  await driver.createMany(pipelines, creationsAtOnce);
  await driver.allFinished();
  const seconds = (performance.now() - startedAt) / 1000;
  const after = cpus();
  const succeeded = await driver.newest(pipelines, 'SUCCESS');
  if (succeeded.length !== pipelines) throw new Error(`${succeeded.length} of ${pipelines} runs succeeded`);
  const jobs = pipelines * jobsPerPipeline;
  const perJob = (which: 0 | 1 | 2 | 3) => (after[which] - before[which]) / jobs;
  return {
    jobsPerSecond: jobs / seconds,
    backend: perJob(0),
    worker: perJob(1),
    driver: perJob(2),
    database: perJob(3),
  };
}

/** The parts of a job's CPU in one line. */
export function tellCpu({ backend, worker, driver, database }: Throughput, kind: DatabaseKind): string {
  const parts = [`backend ${backend.toFixed(2)}`, `worker ${worker.toFixed(2)}`, `driver ${driver.toFixed(2)}`];
  if (kind === 'postgres') parts.push(`database ${database.toFixed(2)}`);
  return `${parts.join(', ')} ms`;
}
