import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { findEngineAddress, processSurroundings } from '../../src/execution/docker/engine-address.ts';
import { DockerRig, Recorder, runText } from './rig.ts';

/** An address of the engine that can go away and come back while the engine and its containers live on. */
class EngineDoor implements AsyncDisposable {
  readonly #directory: string;
  readonly #sockets = new Set<Socket>();
  #server: Server | null = null;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async make(): Promise<EngineDoor> {
    const door = new EngineDoor(await mkdtemp(join(tmpdir(), 'xx-door-')));
    await door.open();
    return door;
  }

  get #path(): string {
    return join(this.#directory, 'engine.sock');
  }

  get address(): string {
    return `unix://${this.#path}`;
  }

  async open(): Promise<void> {
    const engine = findEngineAddress(processSurroundings());
    assert.ok(engine.kind !== 'ssh');
    const where = engine.kind === 'unix' ? { path: engine.path } : { host: engine.host, port: engine.port };
    this.#server = createServer({ allowHalfOpen: true }, (near) => {
      const far = connect({ ...where, allowHalfOpen: true });
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.on('error', () => {}).once('close', () => this.#sockets.delete(socket));
      }
      near.pipe(far).pipe(near);
    }).listen(this.#path);
    await once(this.#server, 'listening');
  }

  /** From now on nobody answers, and what was connected is not any more. */
  async shut(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shut();
    await rm(this.#directory, { recursive: true });
  }
}

test('a recoverable script goes on while its engine is away, ends meanwhile, and another one follows', async () => {
  await using door = await EngineDoor.make();
  await using rig = await DockerRig.make();
  const executor = await rig.executor({ recoverable: true, socket: door.address });
  const container = await rig.prepare(executor);
  const recorder = new Recorder();
  const running = container.run(
    { text: 'echo begun; while [ ! -e go ]; do sleep 0.1; done; seq 1 1000; exit 3', mark: '@@mark ' },
    recorder,
  );
  await recorder.saw('begun\n');
  await door.shut();
  const [{ Id } = { Id: '' }] = (await rig.client.listContainers('io.xx-pipeline.job')).filter(({ Labels }) =>
    Object.values(Labels ?? {}).includes(rig.ownerId),
  );
  await rig.client.exec(Id, ['touch', '/workspace/go'], '0');
  assert.equal((await running).exitCode, 3);
  assert.equal(recorder.stdout, `begun\n${Array.from({ length: 1000 }, (_, index) => `${index + 1}\n`).join('')}`);
  await door.open();
  assert.equal((await runText(container, 'echo after')).stdout, 'after\n');
  await container.remove();
});

test('a container is prepared when its engine is back', async () => {
  await using door = await EngineDoor.make();
  await using rig = await DockerRig.make();
  const executor = await rig.executor({ recoverable: true, socket: door.address });
  await door.shut();
  const waits = Promise.withResolvers<string>();
  const observer = { ...rig.observer, warning: waits.resolve };
  const preparing = executor.prepare(rig.spec(), observer, AbortSignal.timeout(60_000));
  assert.match(await waits.promise, /^no Docker engine answers at .*; waiting for it$/);
  await door.open();
  const container = await preparing;
  assert.equal((await runText(container, 'echo there')).stdout, 'there\n');
  await container.remove();
});

test('without a worker a script is lost with its engine, at once and by name', async () => {
  await using door = await EngineDoor.make();
  await using rig = await DockerRig.make();
  const container = await rig.prepare(await rig.executor({ socket: door.address }));
  const recorder = new Recorder();
  const running = container.run({ text: 'echo begun; sleep 60', mark: '@@mark ' }, recorder);
  await recorder.saw('begun\n');
  await door.shut();
  await assert.rejects(
    running,
    /^ExecutionBroken: the Docker engine at unix:.*engine\.sock went away while the job ran$/,
  );
  await door.open();
  await container.remove();
});
