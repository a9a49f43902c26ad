import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchWorld } from '../BenchWorld.ts';
import type { Result } from '../Result.ts';
import { BenchDatabase } from './BenchDatabase.ts';
import { BenchServer } from './BenchServer.ts';

const megabyte = 1_000_000;
/** Megabytes of log: alone, and with readers, each of which gets all of it. */
const alone = 500;
const followed = 50;
const readers = 50;
const target = 100;

/** What one log took. */
interface Ingested {
  readonly megabytesPerSecond: number;
  /** CPU milliseconds per megabyte. */
  readonly backend: number;
  readonly worker: number;
}

/** (l): a job's output through worker, HTTP and backend into a file; then the same while many follow it. */
export async function ingest(world: BenchWorld): Promise<readonly Result[]> {
  await using database = await BenchDatabase.make(world, 'sqlite');
  await using server = await BenchServer.start(world, database.url);
  const worker = await server.startWorker();
  const measure = async (megabytes: number, meanwhile: (jobId: string) => Promise<void>): Promise<Ingested> => {
    const before = [server.backend.cpu, worker.cpu] as const;
    const jobId = await flood(server, megabytes * megabyte);
    const reading = meanwhile(jobId);
    const seconds = await stored(server, jobId, megabytes * megabyte);
    const after = [server.backend.cpu, worker.cpu] as const;
    await reading;
    await checkLog(server, jobId, megabytes * megabyte);
    return {
      megabytesPerSecond: megabytes / seconds,
      backend: (after[0] - before[0]) / megabytes,
      worker: (after[1] - before[1]) / megabytes,
    };
  };
  await measure(20, async () => {});
  const quiet = await measure(alone, async () => {});
  let delivered = 0;
  const busy = await measure(followed, async (jobId) => {
    const startedAt = performance.now();
    const bytes = await Promise.all(Array.from({ length: readers }, () => follow(server, jobId)));
    if (bytes.some((count) => count < followed * megabyte)) throw new Error('a reader has not got the whole log');
    delivered = bytes.reduce((sum, count) => sum + count, 0) / megabyte / ((performance.now() - startedAt) / 1000);
  });
  const rate = ({ megabytesPerSecond }: Ingested) => `${Math.round(megabytesPerSecond)} MB/s`;
  const cpu = ({ backend, worker }: Ingested) =>
    `backend ${backend.toFixed(1)}, worker ${worker.toFixed(1)} ms CPU a MB`;
  return [
    {
      id: 'l',
      what: `${alone} MB of log lines from worker to backend to file`,
      xx: cpu(quiet),
      other: '',
      measured: rate(quiet),
      target: `>= ${target} MB/s`,
      reached: quiet.megabytesPerSecond >= target,
    },
    {
      id: 'l-readers',
      what: `${followed} MB of log lines while ${readers} follow them`,
      xx: `${Math.round(delivered)} MB/s to all readers`,
      other: '',
      measured: rate(busy),
      target: '',
      reached: true,
    },
  ];
}

/** Starts a job that writes so much; its id. */
async function flood(server: BenchServer, bytes: number): Promise<string> {
  const job = { name: 'flood', stage: 'test', image: 'busybox:latest', script: [`flood ${bytes}`] };
  const plan = { schemaVersion: 1, stages: [{ name: 'test', jobs: [job] }] };
  const response = await fetch(`${server.url}/api/pipelines/executions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.personToken}` },
    body: JSON.stringify({ pipeline: 'flood', plan }),
  });
  const { jobs } = (await response.json()) as { jobs: { id: string }[] };
  return jobs[0]?.id ?? '';
}

/** Seconds from the first to the last byte in the backend's file. */
async function stored(server: BenchServer, jobId: string, bytes: number): Promise<number> {
  const logs = join(server.folder, 'backend', 'logs');
  let path = '';
  while (path === '') {
    const names = await readdir(logs, { recursive: true }).catch(() => []);
    path = names.find((name) => name.includes(jobId) && name.endsWith('.log')) ?? '';
    await sleep(2);
  }
  const size = async () => (await stat(join(logs, path))).size;
  const first = await size();
  const startedAt = performance.now();
  while ((await size()) < bytes) await sleep(2);
  return ((performance.now() - startedAt) / 1000) * (bytes / (bytes - first));
}

/** Throws unless the log holds what the job wrote. */
async function checkLog(server: BenchServer, jobId: string, bytes: number): Promise<void> {
  const headers = { authorization: `Bearer ${server.personToken}` };
  while (((await server.get(`/api/jobs/${jobId}/status`)) as { status: string }).status !== 'SUCCESS') await sleep(20);
  const response = await fetch(`${server.url}/api/jobs/${jobId}/log`, { headers });
  const found = createHash('sha256');
  let position = 0;
  let head = 0;
  for await (const chunk of response.body ?? []) {
    // The line that tells the command comes first.
    if (position === 0) head = Buffer.from(chunk).indexOf('\n') + 1;
    const from = Math.max(0, head - position);
    found.update(chunk.subarray(from, Math.max(from, head + bytes - position)));
    position += chunk.length;
  }
  const expected = createHash('sha256');
  const block = Buffer.alloc(65_536, 'y\n');
  for (let left = bytes; left > 0; left -= block.length) expected.update(block.subarray(0, Math.min(left, 65_536)));
  if (found.digest('hex') !== expected.digest('hex')) throw new Error('the stored log is not what the job wrote');
}

/** Follows a log to its end; its bytes as the ids of the events tell them. */
function follow(server: BenchServer, jobId: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${server.personToken}` };
    const agent = new Agent();
    const call = request(`${server.url}/api/jobs/${jobId}/log/events`, { headers, agent }, (response) => {
      let rest = '';
      let last = 0;
      response.setEncoding('latin1').on('data', (part: string) => {
        const at = part.lastIndexOf('\nid: ');
        const id = at < 0 ? null : /^\nid: (\d+)\n/.exec(part.slice(at, at + 30));
        if (id !== null) last = Number(id[1]);
        rest = (rest + part).slice(-200);
      });
      response.on('end', () => {
        if (rest.includes('event: end')) resolve(last);
        else reject(new Error(`a reader's stream broke: ${response.statusCode} ${rest}`));
      });
      response.on('error', reject);
    });
    call.on('error', reject).end();
  });
}
