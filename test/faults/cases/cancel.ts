import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { listenOnLoopback } from '@xx-pipeline/testing';
import type { FaultCase } from '../FaultCase.ts';
import { FaultWorld, pass, patientLease } from '../FaultWorld.ts';
import { oneJob } from '../pipelines.ts';

const moments = ['pull', 'script', 'upload', 'backend restart'] as const;

/** Somebody cancels, at a bad moment. */
export const cancel: FaultCase = {
  number: 9,
  title: 'a run is canceled during pull, script, upload, backend restart',
  done: 'cancel over the API; in the last case the backend is killed right after it has said yes',
  audited: 'the run is CANCELED (a job whose script was over may still succeed), nothing of it goes on',
  async run(random, seed) {
    const moment = moments[seed % moments.length] ?? 'script';
    await using world = await FaultWorld.open(patientLease);
    const { rig } = world;
    await rig.startWorker('one', { backendUrl: world.proxy.url, push: random.chance(0.5) });
    const stop = async (id: string): Promise<void> => {
      assert.equal((await rig.api.cancelExecution({ params: { id }, body: { reason: 'test' } })).status, 202);
    };
    let id: string;
    switch (moment) {
      case 'pull': {
        const registry = await deafRegistry();
        world.atEnd(registry.close);
        id = await world.submit(`a: {image: '127.0.0.1:${registry.port}/nothing/here', script: [echo a]}\n`);
        await registry.asked;
        await stop(id);
        break;
      }
      case 'upload': {
        // Uploads do not pass, so the job's end cannot be told before the cancel.
        const asked = world.proxy.hold((_, path) => path.startsWith('/api/job/artifact'));
        id = await world.submit(`${oneJob({ lines: 50, pause: 0 })}b: {stage: deploy, script: [echo never]}\n`);
        await asked;
        await stop(id);
        await pass(random.between(0, 1000));
        world.proxy.release();
        break;
      }
      case 'script':
      case 'backend restart':
        id = await world.submit(oneJob({ lines: 2000, pause: 0.5 }));
        await world.writing(id, 'a', random.between(1, 3000));
        await stop(id);
        if (moment === 'script') break;
        await pass(random.between(0, 20));
        await rig.stopBackend('SIGKILL');
        await pass(random.between(0, 500));
        await rig.startBackend();
        break;
      default:
        throw new Error(moment satisfies never);
    }
    await world.audit(id, { status: 'CANCELED', lines: 50, artifacts: false });
    return moment;
  },
};

/** A registry that takes calls and never answers. */
async function deafRegistry(): Promise<{ port: number; asked: Promise<void>; close: () => Promise<void> }> {
  const asked = Promise.withResolvers<void>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    asked.resolve();
  });
  const port = await listenOnLoopback(server);
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return { port, asked: asked.promise, close };
}
