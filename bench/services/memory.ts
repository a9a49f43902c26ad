import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { backendRoutes, createApiClient } from '@xx-pipeline/common/api';
import { NodeTransport } from '@xx-pipeline/service/http';
import type { BenchWorld } from '../BenchWorld.ts';
import type { Result } from '../Result.ts';
import { BenchDatabase } from './BenchDatabase.ts';
import { BenchServer } from './BenchServer.ts';
import { Driver } from './Driver.ts';
import { fillHistory } from './fill-history.ts';
import { runMany } from './throughput.ts';

const storedRuns = 10_000;
const idleWorkers = 1_000;
/** Runs the measured process has itself seen to their end. */
const ownRuns = 300;
const settleMs = 12_000;
const watchMs = 30_000;
const heartbeatMs = 10_000;

/** (m): what a backend holds, and what it does, when there is much history and nothing to do. */
export async function memory(world: BenchWorld): Promise<readonly Result[]> {
  await using database = await BenchDatabase.make(world, 'sqlite');
  await using server = await BenchServer.start(world, database.url);
  const driver = new Driver(server);
  await using worker = await server.startWorker();
  await runMany(driver, { server, worker, database }, 1);
  const [sample = ''] = await driver.newest(1, 'SUCCESS');
  await server.stopBackend();
  await fillHistory(database.url, sample, 1, storedRuns - ownRuns);
  await server.startBackend();
  driver.close();
  const atStart = server.backend.memory;
  const withRuns = await afterRuns(server, database);
  await using _workers = await IdleWorkers.start(server, idleWorkers);
  await sleep(settleMs);
  const before = server.backend.cpu;
  await sleep(watchMs);
  const cpu = ((server.backend.cpu - before) / watchMs) * 1000;
  const withWorkers = server.backend.memory;
  const megabytes = (value: number) => `${Math.round(value)} MB`;
  const facts = `${megabytes(atStart)} at start, ${megabytes(withRuns)} after ${ownRuns} runs, then ${megabytes(withWorkers)}`;
  const what = `a backend with ${storedRuns.toLocaleString('en')} stored runs and ${idleWorkers.toLocaleString('en')} idle workers`;
  return [
    {
      id: 'm',
      what: `memory of ${what}`,
      xx: facts,
      other: '',
      measured: megabytes(withWorkers),
      target: '',
      reached: true,
    },
    {
      id: 'm-cpu',
      what: `CPU of ${what}`,
      xx: '',
      other: '',
      measured: `${cpu.toFixed(0)} ms a second`,
      target: '',
      reached: true,
    },
  ];
}

async function afterRuns(server: BenchServer, database: BenchDatabase): Promise<number> {
  await using worker = await server.startWorker({ name: 'second' });
  const driver = new Driver(server);
  await runMany(driver, { server, worker, database }, ownRuns);
  driver.close();
  return server.backend.memory;
}

/** Workers without jobs, as a backend sees them: registered, with a poll open and a heartbeat every ten seconds. */
class IdleWorkers implements AsyncDisposable {
  readonly #over = new AbortController();
  readonly #transport: NodeTransport;
  readonly #running: Promise<void>[] = [];

  private constructor(url: string) {
    this.#transport = new NodeTransport({ baseUrl: url });
  }

  static async start({ url, workerToken }: BenchServer, count: number): Promise<IdleWorkers> {
    const workers = new IdleWorkers(url);
    const client = createApiClient(backendRoutes, { transport: workers.#transport, token: workerToken });
    const { signal } = workers.#over;
    const until = async (work: () => Promise<unknown>) => {
      while (!signal.aborted) await work().catch((error: unknown) => signal.aborted || Promise.reject(error));
    };
    for (let number = 0; number < count; number++) {
      const [workerId, instanceId] = [randomUUID(), randomUUID()];
      const facts = { name: `idle-${number}`, slots: 4, version: 'bench' };
      await client.registerWorker({ body: { workerId, instanceId, ...facts } });
      const poll = { workerId, instanceId, freeSlots: 4, waitSeconds: 25 };
      const beat = { workerId, instanceId, freeSlots: 4, attempts: [] };
      workers.#running.push(
        until(() => client.pollJobs({ body: poll }, { signal })),
        until(async () => {
          await client.heartbeat({ body: beat }, { signal });
          await sleep(heartbeatMs * (0.9 + Math.random() * 0.2), undefined, { signal });
        }),
      );
    }
    return workers;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await Promise.all(this.#running);
    this.#transport.close();
  }
}
