import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { FaultCase } from '../FaultCase.ts';
import { FaultWorld, pass, patientLease } from '../FaultWorld.ts';

const size = 200_000_000;
const text = 'all work and no play makes jack a dull boy\n';

/** Somebody reads an enormous log, slowly. */
export const slowReader: FaultCase = {
  number: 14,
  title: 'a log of 200 MB with a slow reader',
  done: 'a job writes 200 MB; one follows the log and reads an event every 20 ms',
  audited: "the job does not wait for the reader, the log has every byte, the backend's memory stays under 600 MB",
  async run() {
    await using world = await FaultWorld.open(patientLease);
    const { rig } = world;
    const backend = rig.backendPid;
    await rig.startWorker('one');
    const id = await world.submit(
      `image: busybox:latest\na: {script: ['sleep 1; (yes "${text.trim()}" || :) | head -c ${size}']}\n`,
    );
    await world.seen(id, 'the job to run', ({ jobs }) => jobs[0]?.status === 'RUNNING');
    const jobId = (await world.look(id))?.jobs[0]?.id ?? '';
    const over = new AbortController();
    let events = 0;
    const reading = (async () => {
      const { body } = await rig.api.followLog({ params: { jobId } }, { signal: over.signal });
      for await (const _ of body) {
        events++;
        await pass(20);
      }
    })().catch((error: unknown) => {
      if (!over.signal.aborted) throw error;
    });
    let most = 0;
    const watching = setInterval(() => {
      most = Math.max(most, residentMemory(backend));
    }, 100);
    const startedAt = performance.now();
    try {
      await world.audit(id, { status: 'SUCCESS', lines: 0, artifacts: false });
    } finally {
      clearInterval(watching);
      over.abort();
      await reading;
    }
    const seconds = (performance.now() - startedAt) / 1000;
    assert.ok(events > 0, 'the reader has read nothing');
    assert.ok(most < 600_000_000, `the backend took ${Math.round(most / 1e6)} MB`);
    await checkBytes(world, jobId);
    return `${(size / 1e6 / seconds).toFixed(0)} MB/s, the backend took ${Math.round(most / 1e6)} MB at most`;
  },
};

async function checkBytes(world: FaultWorld, jobId: string): Promise<void> {
  const { body } = await world.rig.api.readLog({ params: { jobId }, query: { attempt: 1 } });
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  const log = Buffer.concat(chunks);
  const start = log.indexOf(`\n${text}`) + 1;
  const found = createHash('sha256')
    .update(log.subarray(start, start + size))
    .digest('hex');
  const wanted = createHash('sha256');
  const block = Buffer.from(text.repeat(1000));
  for (let left = size; left > 0; left -= block.length) wanted.update(block.subarray(0, Math.min(left, block.length)));
  assert.equal(found, wanted.digest('hex'), 'the bytes of the log');
}

function residentMemory(pid: number): number {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kilobytes ?? 0) * 1024;
  } catch {
    return 0;
  }
}
