import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@xx-pipeline/common';
import type { CreateContainer } from './docker/api-types.ts';
import { DockerClient } from './docker/DockerClient.ts';
import { DockerContainer, type MadeContainer } from './docker/DockerContainer.ts';
import { EngineError } from './docker/EngineError.ts';
import { EngineTransport } from './docker/EngineTransport.ts';
import { findEngineAddress, parseEngineAddress, processSurroundings } from './docker/engine-address.ts';
import { ImageStore } from './docker/ImageStore.ts';
import { LiveContainer } from './docker/LiveContainer.ts';
import { labelNames } from './docker/label-names.ts';
import { Leftovers } from './docker/Leftovers.ts';
import { NetworkSandboxes } from './docker/NetworkSandboxes.ts';
import { explainStartFailure, isMountFailure, isNetworkGone } from './docker/explain-start-failure.ts';
import { RememberedWay } from './docker/RememberedWay.ts';
import { ImageUnavailable } from './errors.ts';
import type { ContainerSpec, JobContainer, JobExecutor, PrepareObserver } from './JobExecutor.ts';
import { bootstrapCommand } from './shell/bootstrap.ts';
import type { Workspace, WorkspaceWay } from './Workspace.ts';
import { workspacePath } from './Workspace.ts';
import { WorkspaceMaker } from './WorkspaceMaker.ts';

/** What a Docker executor is made with. */
export interface DockerExecutorOptions {
  /** Who makes the containers: `makeOwnerId()`; what dead owners left is removed. */
  readonly ownerId: string;
  /** Where the engine listens, as in `DOCKER_HOST`; by default what the docker command would use. */
  readonly socket?: string;
  /** The directory of this machine that a tree's key stands for. */
  readonly trees: (key: string) => string;
  /** A directory of this machine for workspaces and what is remembered between runs. */
  readonly stateDirectory: string;
  /** `isolated`: jobs write into a layer or copy of their own. `shared`: into the tree itself. */
  readonly workspaceMode: 'isolated' | 'shared';
  readonly clock: Clock;
}

/** Runs jobs in containers of a Docker engine, or of one that speaks its language. */
export class DockerExecutor implements JobExecutor {
  readonly #options: DockerExecutorOptions;
  readonly #client: DockerClient;
  readonly #images: ImageStore;
  readonly #sandboxes: NetworkSandboxes;
  readonly #workspaces: WorkspaceMaker;
  readonly #way: RememberedWay;
  readonly #leftovers: Leftovers;
  readonly #labels: Readonly<Record<string, string>>;
  readonly #background = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();
  #containers = 0;

  private constructor(options: DockerExecutorOptions, client: DockerClient) {
    this.#options = options;
    this.#client = client;
    this.#labels = { [labelNames.owner]: options.ownerId };
    this.#images = new ImageStore(client, options.clock);
    this.#sandboxes = new NetworkSandboxes({
      create: (image) => this.#createSandbox(image),
      remove: (id) => client.removeContainer(id),
    });
    const work = join(options.stateDirectory, 'work');
    const directory = join(work, options.ownerId.replaceAll(/[^\w.-]/g, '_'));
    this.#workspaces = new WorkspaceMaker({ trees: options.trees, directory, labels: this.#labels });
    this.#way = new RememberedWay(
      join(options.stateDirectory, 'workspace-way.json'),
      client.transport.address,
      options.clock,
    );
    this.#leftovers = new Leftovers(client, work, directory, options.ownerId);
  }

  /** Connects to the engine. Throws `ExecutionBroken` with help where none answers. */
  static async connect(options: DockerExecutorOptions): Promise<DockerExecutor> {
    const surroundings = processSurroundings();
    const address =
      options.socket === undefined ? findEngineAddress(surroundings) : parseEngineAddress(options.socket, surroundings);
    const client = new DockerClient(new EngineTransport(address));
    await Promise.all([client.ping(), mkdir(options.stateDirectory, { recursive: true })]);
    return new DockerExecutor(options, client);
  }

  async prepare(spec: ContainerSpec, observer: PrepareObserver, signal: AbortSignal): Promise<JobContainer> {
    signal.throwIfAborted();
    // The first container gets a network of its own: alone, that is the quickest. Those after it share where they can.
    this.#containers += 1;
    const shares = this.#containers > 1;
    await this.#images.ensure(spec.image, spec.runId, observer, signal);
    const made = await this.#make(spec, observer, signal, shares);
    return new DockerContainer(
      {
        client: this.#client,
        remake: () => this.#make(spec, observer, this.#closing.signal, false),
        remove: (old) => this.#remove(old),
      },
      made,
    );
  }

  /** Removes what processes that are no longer there have left in the engine and in the state directory. */
  removeLeftovers(): Promise<void> {
    return this.#leftovers.remove();
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('the executor is closed'));
    this.#track(this.#sandboxes.close());
    while (this.#background.size > 0) await Promise.allSettled(this.#background);
    await this.#leftovers.removeOwn();
    this.#client.transport.close();
  }

  async #make(
    spec: ContainerSpec,
    observer: PrepareObserver,
    signal: AbortSignal,
    shares: boolean,
  ): Promise<MadeContainer> {
    const ways = this.#ways(spec);
    for (const [index, way] of ways.entries()) {
      try {
        const made = await this.#makeIn(way, spec, signal, shares);
        this.#way.worked(way);
        return made;
      } catch (error) {
        if (shares && isNetworkGone(error)) return await this.#make(spec, observer, signal, false);
        const next = ways[index + 1];
        if (next === undefined || !isMountFailure(error)) throw explainStartFailure(error, spec.image.name);
        this.#way.failed(way);
        observer.warning(`the engine cannot give jobs their files by ${way}; falling back to ${next} (slower)`);
      }
    }
    throw new Error('no way to make a workspace');
  }

  #ways(spec: ContainerSpec): WorkspaceWay[] {
    const isolated = this.#way.inOrder();
    const ways =
      this.#options.workspaceMode === 'shared' && spec.source.kind === 'tree' ? ['shared' as const] : isolated;
    return ways.filter((way) => this.#workspaces.fits(way, spec.source));
  }

  async #makeIn(way: WorkspaceWay, spec: ContainerSpec, signal: AbortSignal, shares: boolean): Promise<MadeContainer> {
    const lease = shares ? this.#sandboxes.lease(spec.jobId, new Set(spec.runsAfter), spec.image.name) : null;
    const making = this.#workspaces.make(way, spec.source, signal);
    try {
      const [made, network] = await Promise.all([
        making,
        // Where no sandbox could be made, the job's own container will tell why.
        lease?.sandboxId.then(
          (id) => `container:${id}`,
          () => undefined,
        ),
      ]);
      const live = await LiveContainer.start(
        this.#client,
        this.#options.clock,
        this.#containerSpec(spec, made, network),
        {
          name: containerName(spec.jobName),
          signal,
          beforeStart: async (id) => {
            const tar = made.tar();
            if (tar !== null) await this.#client.putArchive(id, workspacePath, tar, { signal });
          },
          onRemoval: (removal) => this.#track(this.#cleanUp(removal, made)),
        },
      );
      return { live, workspace: made, lease };
    } catch (error) {
      if (lease !== null && isNetworkGone(error)) this.#track(this.#sandboxes.forget(lease));
      lease?.end();
      if (error instanceof EngineError && error.status === 404 && /no such image/i.test(error.reason)) {
        this.#images.forget(spec.image);
        throw new ImageUnavailable(spec.image.name, `image ${spec.image.name} was removed from the engine meanwhile`);
      }
      throw error;
    }
  }

  #containerSpec(spec: ContainerSpec, workspace: Workspace, network: string | undefined): CreateContainer {
    const { image } = spec;
    return {
      Image: image.name,
      Cmd: bootstrapCommand,
      ...(image.entrypoint === undefined ? {} : { Entrypoint: image.entrypoint }),
      ...(image.user === undefined ? {} : { User: image.user }),
      // Files of the checkout belong to whoever runs us; git would refuse to look at them.
      Env: ['GIT_CONFIG_COUNT=1', 'GIT_CONFIG_KEY_0=safe.directory', 'GIT_CONFIG_VALUE_0=*'],
      WorkingDir: workspacePath,
      Labels: {
        ...this.#labels,
        [labelNames.run]: spec.runId,
        [labelNames.job]: spec.jobId,
        [labelNames.attempt]: String(spec.attempt),
      },
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
      OpenStdin: true,
      StdinOnce: true,
      Tty: false,
      Healthcheck: { Test: ['NONE'] },
      HostConfig: {
        AutoRemove: true,
        LogConfig: { Type: 'none', Config: {} },
        ...(network === undefined ? {} : { NetworkMode: network }),
        ...(workspace.mount === null ? {} : { Mounts: [workspace.mount] }),
      },
    };
  }

  async #createSandbox(image: string): Promise<string> {
    const spec: CreateContainer = {
      Image: image,
      Entrypoint: ['sh', '-c', 'read _ || :'],
      Cmd: [],
      Labels: this.#labels,
      AttachStdin: true,
      OpenStdin: true,
      StdinOnce: true,
      Healthcheck: { Test: ['NONE'] },
      HostConfig: { AutoRemove: true, LogConfig: { Type: 'none', Config: {} } },
    };
    const live = await LiveContainer.start(this.#client, this.#options.clock, spec, {
      signal: this.#closing.signal,
      name: `xx-network-${randomBytes(4).toString('hex')}`,
      onRemoval: (removal) => this.#track(removal),
    });
    return live.id;
  }

  async #remove(made: MadeContainer): Promise<void> {
    if (made.lease !== null) made.lease.isEnding = true;
    this.#track(this.#cleanUp(made.live.remove(), made.workspace));
    await made.live.dead();
    made.lease?.end();
  }

  async #cleanUp(removal: Promise<void>, workspace: Workspace): Promise<void> {
    await removal.catch(() => {});
    if (!(await workspace.remove()) && workspace.leftover !== null) this.#leftovers.notRemoved(workspace.leftover);
  }

  #track(work: Promise<unknown>): void {
    const tracked: Promise<unknown> = work.catch(() => {}).finally(() => this.#background.delete(tracked));
    this.#background.add(tracked);
  }
}

const containerName = (jobName: string): string =>
  `xx-${jobName.replaceAll(/[^a-zA-Z0-9_.-]+/g, '-').slice(0, 40)}-${randomBytes(4).toString('hex')}`;
