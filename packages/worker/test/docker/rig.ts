import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { systemClock } from '@xx-pipeline/common';
import { DockerClient } from '../../src/execution/docker/DockerClient.ts';
import { DockerExecutor } from '../../src/execution/docker/DockerExecutor.ts';
import type { DockerExecutorOptions } from '../../src/execution/docker/docker-options.ts';
import { EngineTransport } from '../../src/execution/docker/EngineTransport.ts';
import { findEngineAddress, processSurroundings } from '../../src/execution/docker/engine-address.ts';
import { labelNames } from '../../src/execution/docker/label-names.ts';
import type { ContainerSpec, JobContainer, OutputSink, PrepareObserver } from '../../src/execution/JobExecutor.ts';
import { makeOwnerId } from '../../src/process/index.ts';
import { probeOverlay } from './probe-overlay.ts';

/** Collects a script's output as text, in order per stream. */
export class Recorder implements OutputSink {
  stdout = '';
  stderr = '';
  readonly marks: number[] = [];
  #waiting: { text: string; resolve: () => void }[] = [];

  write(stream: 'stdout' | 'stderr', bytes: Uint8Array): void {
    this[stream] += Buffer.from(bytes).toString('utf8');
    this.#waiting = this.#waiting.filter(({ text, resolve }) => {
      if (!this.stdout.includes(text)) return true;
      resolve();
      return false;
    });
  }

  mark(mark: number): void {
    this.marks.push(mark);
  }

  /** Resolves when standard output holds a text. */
  saw(text: string): Promise<void> {
    if (this.stdout.includes(text)) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ text, resolve }));
  }
}

/** An executor on the real engine with a tree and a state directory of its own; fails a test that leaves anything. */
export class DockerRig implements AsyncDisposable {
  readonly directory: string;
  readonly client: DockerClient;
  readonly ownerId = `${makeOwnerId()}:${randomUUID()}`;
  readonly warnings: string[] = [];
  readonly pulled: string[] = [];
  readonly #executors: DockerExecutor[] = [];
  #jobs = 0;

  private constructor(directory: string, client: DockerClient) {
    this.directory = directory;
    this.client = client;
  }

  static async make(): Promise<DockerRig> {
    const client = new DockerClient(new EngineTransport(findEngineAddress(processSurroundings())));
    await client.ping();
    const rig = new DockerRig(await mkdtemp(join(tmpdir(), 'xx-docker-')), client);
    await mkdir(rig.tree);
    return rig;
  }

  /** The checkout that jobs start from. */
  get tree(): string {
    return join(this.directory, 'tree');
  }

  get state(): string {
    return join(this.directory, 'state');
  }

  async write(path: string, content: string): Promise<void> {
    await mkdir(dirname(join(this.tree, path)), { recursive: true });
    await writeFile(join(this.tree, path), content);
  }

  async executor(options: Partial<DockerExecutorOptions> = {}): Promise<DockerExecutor> {
    const executor = await DockerExecutor.connect({
      ownerId: this.ownerId,
      trees: () => this.tree,
      stateDirectory: this.state,
      workspaceMode: 'isolated',
      clock: systemClock,
      ...options,
    });
    this.#executors.push(executor);
    return executor;
  }

  spec(changes: Partial<ContainerSpec> = {}): ContainerSpec {
    this.#jobs += 1;
    return {
      runId: 'run',
      jobId: `job-${this.#jobs}`,
      jobName: `job ${this.#jobs}`,
      attempt: 1,
      image: { name: 'busybox:latest' },
      source: { kind: 'tree', key: 'tree' },
      runsAfter: [],
      isOnly: false,
      ...changes,
    };
  }

  readonly observer: PrepareObserver = {
    queued: () => {},
    started: () => {},
    pulling: () => {},
    pulled: (image) => this.pulled.push(image),
    warning: (message) => this.warnings.push(message),
  };

  prepare(executor: DockerExecutor, changes: Partial<ContainerSpec> = {}, signal?: AbortSignal): Promise<JobContainer> {
    return executor.prepare(this.spec(changes), this.observer, signal ?? AbortSignal.timeout(60_000));
  }

  /** What the executor has to say of the way jobs get their files: nothing where the overlay can be mounted here. */
  async fallbackWarnings(): Promise<string[]> {
    const labels = { [labelNames.owner]: this.ownerId };
    if (await probeOverlay(this.client, join(this.directory, 'probe'), labels)) return [];
    return ['the engine cannot give jobs their files by overlay; falling back to copy (slower)'];
  }

  /** Names of what carries this rig's label. */
  async left(): Promise<string[]> {
    const label = `${labelNames.owner}=${this.ownerId}`;
    const containers = await this.client.listContainers(label);
    const volumes = await this.client.listVolumes(label);
    const networks = await this.client.listNetworks(label);
    return [...containers.map((c) => c.Id), ...volumes.map((v) => v.Name), ...networks.map((n) => n.Id)];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#executors.map((executor) => executor.close()));
    const left = await this.left();
    this.client.transport.close();
    await rm(this.directory, { recursive: true, force: true });
    if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`);
  }
}

/** Runs a text in a container and gives what came of it. */
export async function runText(container: JobContainer, text: string, recorder = new Recorder()) {
  const exit = await container.run({ text, mark: '@@mark ' }, recorder);
  return { ...exit, stdout: recorder.stdout, stderr: recorder.stderr, marks: recorder.marks };
}

/** A stream of one tar archive held in memory. */
export async function* tarOf(files: Readonly<Record<string, string>>): AsyncGenerator<Uint8Array> {
  const { packTar } = await import('modern-tar/fs');
  yield* packTar(Object.entries(files).map(([target, content]) => ({ type: 'content' as const, target, content })));
}

/** Names and contents of the files in a tar stream. */
export async function untar(tar: AsyncIterable<Uint8Array>): Promise<Record<string, string>> {
  const { unpackTar } = await import('modern-tar');
  const pieces: Uint8Array[] = [];
  for await (const piece of tar) pieces.push(piece);
  const entries = await unpackTar(Buffer.concat(pieces));
  return Object.fromEntries(
    entries
      .filter((entry) => entry.header.type === 'file')
      .map((entry) => [entry.header.name, new TextDecoder().decode(entry.data)]),
  );
}
