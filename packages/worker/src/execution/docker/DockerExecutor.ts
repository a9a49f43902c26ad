import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { Background, type Clock, messageOf, unreachable } from '@xx-pipeline/common';
import type {
  ContainerSpec,
  ExecutorHealth,
  ExecutorTraits,
  JobContainer,
  JobExecutor,
  PrepareObserver,
} from '../JobExecutor.ts';
import { workspacePath } from '../JobExecutor.ts';
import type { CreateContainer } from './api-types.ts';
import { containerName, jobContainer, sandboxContainer } from './container-spec.ts';
import { DockerClient } from './DockerClient.ts';
import { DockerContainer, type MadeContainer } from './DockerContainer.ts';
import { EngineReturn } from './EngineReturn.ts';
import { EngineTransport } from './EngineTransport.ts';
import { findEngineAddress, parseEngineAddress, processSurroundings } from './engine-address.ts';
import { explainStartFailure, isImageGone, isMountFailure, isNetworkGone } from './explain-start-failure.ts';
import { ImageStore } from './ImageStore.ts';
import { Leftovers } from './Leftovers.ts';
import { LiveContainer } from './LiveContainer.ts';
import { labelNames } from './label-names.ts';
import { NetworkSandboxes, type SandboxLease } from './NetworkSandboxes.ts';
import { AdoptedContainers, findRecovery } from './recovery/adopted-containers.ts';
import { RecoverableSession } from './recovery/RecoverableSession.ts';
import { RecoveryDirectory } from './recovery/RecoveryDirectory.ts';
import { RememberedWay } from './workspace/RememberedWay.ts';
import type { Workspace, WorkspaceWay } from './workspace/Workspace.ts';
import { WorkspaceMaker } from './workspace/WorkspaceMaker.ts';

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
  /**
   * What `close` waits for. `awaited` (default): until the engine has removed everything. `entrusted`: until all
   * processes are dead and the engine has taken the order to remove; it then ends without us, some 50 ms later.
   */
  readonly removals?: 'awaited' | 'entrusted';
  /**
   * Containers outlive this process, and one of the same owner id can adopt them. Needs a state directory that the
   * engine sees too. Default: they end with us.
   */
  readonly recoverable?: boolean;
  readonly clock: Clock;
}

/** How long an engine may be away before jobs fail for it. */
const enginePatienceMs = 60_000;

/** `shared`: that of a sandbox, with jobs before and after it; `idle`: that of a sandbox nobody has, else its own; `own`. */
type NetworkChoice = 'shared' | 'idle' | 'own';

/** One try to make a container. */
interface Making {
  readonly spec: ContainerSpec;
  readonly observer: PrepareObserver;
  readonly signal: AbortSignal;
  readonly network: NetworkChoice;
}

/** Runs jobs in containers of a Docker engine, or of one that speaks its language. */
export class DockerExecutor implements JobExecutor {
  readonly traits: ExecutorTraits;
  readonly #options: DockerExecutorOptions;
  readonly #client: DockerClient;
  readonly #images: ImageStore;
  readonly #sandboxes: NetworkSandboxes<LiveContainer>;
  readonly #workspaces: WorkspaceMaker;
  readonly #way: RememberedWay;
  readonly #leftovers: Leftovers;
  readonly #background = new Background(() => {});
  readonly #closing = new AbortController();
  readonly #warned = new Set<string>();
  readonly #adopted: AdoptedContainers;
  readonly #returns: EngineReturn;
  #lastImage: string | null = null;

  private constructor(options: DockerExecutorOptions, client: DockerClient) {
    const { ownerId, stateDirectory, trees, clock } = options;
    this.#adopted = new AdoptedContainers();
    this.traits = {
      outlivesProcess: options.recoverable === true,
      canPause: true,
      bringsOwnTrees: false,
      makesAheadCheaply: true,
      queues: false,
    };
    this.#options = options;
    this.#client = client;
    // Without a worker nothing of a job outlives its engine.
    const patienceMs = options.recoverable === true ? enginePatienceMs : 0;
    this.#returns = new EngineReturn(client, clock, { patienceMs, closing: this.#closing.signal });
    this.#images = new ImageStore(client, clock);
    this.#sandboxes = new NetworkSandboxes<LiveContainer>({
      create: (image) => this.#createSandbox(image),
      remove: (live) => this.#removeLive(live, live.session.closed),
    });
    this.#leftovers = new Leftovers(client, join(stateDirectory, 'work'), ownerId);
    const directory = this.#leftovers.ownDirectory;
    this.#workspaces = new WorkspaceMaker({ trees, directory, labels: { [labelNames.owner]: ownerId } });
    this.#way = new RememberedWay(join(stateDirectory, 'workspace-way.json'), client.transport.address, clock);
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

  /** Where an owner's containers are recorded. */
  static directoryOf(stateDirectory: string, ownerId: string): string {
    return join(stateDirectory, 'work', encodeURIComponent(ownerId));
  }

  async prepare(spec: ContainerSpec, observer: PrepareObserver, signal: AbortSignal): Promise<JobContainer> {
    signal.throwIfAborted();
    const making = this.#makeWhenThere({ spec, observer, signal, network: spec.isOnly ? 'own' : 'shared' });
    this.#background.run(making);
    const made = await making;
    this.#lastImage = spec.image.name;
    return new DockerContainer(
      {
        client: this.#client,
        returns: this.#returns,
        remake: () => this.#makeWhenThere({ spec, observer, signal: this.#closing.signal, network: 'idle' }),
        remove: (old) => this.#remove(old),
      },
      made,
    );
  }

  sweep(): Promise<void> {
    const removal = this.#leftovers.removeDead();
    this.#background.run(removal);
    return removal;
  }

  async health(): Promise<ExecutorHealth> {
    try {
      const { apiVersion } = await this.#client.ping();
      return { ok: true, text: `Docker, API ${apiVersion}` };
    } catch (error) {
      return { ok: false, text: messageOf(error) };
    }
  }

  async adopt(spec: ContainerSpec): Promise<JobContainer | null> {
    const recovery = await findRecovery(this.#leftovers.ownDirectory, spec);
    const record = recovery?.container ?? null;
    if (recovery === null || record === null) return null;
    const { clock } = this.#options;
    const details = await this.#client.inspectContainer(record.containerId);
    // Whoever adopts knows that the attempt is his; nobody can attach to what is frozen.
    if (details?.State.Paused === true) await this.#client.unpauseContainer(record.containerId);
    const connection = details?.State.Running === true ? await this.#client.attach(record.containerId) : null;
    const reconnect = () => this.#returns.attachAgain(record.containerId);
    const session = new RecoverableSession(recovery, clock, connection, { adopted: true, reconnect });
    const live = LiveContainer.adopt(this.#client, this.#options.clock, this.#returns, record.containerId, session);
    const workspace = this.#workspaces.adopt(record.way, spec.source, record.workspace);
    this.#adopted.add(record, recovery);
    this.#lastImage ??= spec.image.name;
    const made: MadeContainer = { live, workspace, lease: null, recovery, sandboxId: record.sandboxId };
    const never = () => Promise.reject(new Error('an adopted container is not made again'));
    const remove = (old: MadeContainer) => this.#remove(old);
    return new DockerContainer({ client: this.#client, returns: this.#returns, remake: never, remove }, made);
  }

  removeUnadopted(): Promise<void> {
    return this.#leftovers.removeFormer(this.#adopted);
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('the executor is closed'));
    this.#background.run(this.#sandboxes.close());
    await this.#background.settled();
    await this.#leftovers.removeOwn(this.#lastImage);
    this.#client.transport.close();
  }

  /** An engine that is only away for a moment is waited for. */
  #makeWhenThere(making: Making): Promise<MadeContainer> {
    const { spec, observer, signal } = making;
    let tries = 0;
    return this.#returns.bridge(
      async () => {
        if (tries++ > 0) await this.#leftovers.removeAttempt(spec.jobId, spec.attempt);
        return await this.#makeWithImage(making);
      },
      ({ message }) => observer.warning(`${message}; waiting for it`),
      signal,
    );
  }

  async #makeWithImage(making: Making): Promise<MadeContainer> {
    const { spec, observer, signal } = making;
    const image = await this.#images.ensure(spec.image, spec.runId, observer, signal);
    try {
      const made = await this.#make(making);
      if (image === 'assumed') observer.pulled(spec.image.name, 0);
      return made;
    } catch (error) {
      if (image !== 'assumed' || !isImageGone(error)) throw explainStartFailure(error, spec.image.name);
      this.#images.absent(spec.image);
    }
    await this.#images.ensure(spec.image, spec.runId, observer, signal);
    try {
      return await this.#make(making);
    } catch (error) {
      throw explainStartFailure(error, spec.image.name);
    }
  }

  /** Makes a container in the best way for its files that the engine offers. */
  async #make(making: Making): Promise<MadeContainer> {
    const { observer } = making;
    const ways = this.#ways(making);
    for (const [index, way] of ways.entries()) {
      try {
        const made = await this.#makeIn(way, making);
        this.#way.worked(way);
        return made;
      } catch (error) {
        if (isNetworkGone(error) && making.network !== 'own') return await this.#make({ ...making, network: 'own' });
        const next = ways[index + 1];
        if (next === undefined || !isMountFailure(error)) throw error;
        this.#way.failed(way);
        this.#warnOnce(observer, `the engine cannot give jobs their files by ${way}; falling back to ${next} (slower)`);
      }
    }
    throw new Error('no way to make a workspace');
  }

  #ways({ spec, observer }: Making): WorkspaceWay[] {
    if (this.#options.workspaceMode === 'shared' && spec.source.kind === 'tree') return ['shared'];
    return this.#way.inOrder().filter((way) => {
      const obstacle = this.#workspaces.obstacle(way, spec.source);
      if (obstacle !== null) this.#warnOnce(observer, `jobs get copies of their files (slower), because ${obstacle}`);
      return obstacle === null;
    });
  }

  #warnOnce(observer: PrepareObserver, message: string): void {
    if (this.#warned.has(message)) return;
    this.#warned.add(message);
    observer.warning(message);
  }

  async #makeIn(way: WorkspaceWay, { spec, signal, network }: Making): Promise<MadeContainer> {
    const lease = this.#lease(network, spec);
    let workspace: Workspace | null = null;
    let recovery: RecoveryDirectory | null = null;
    try {
      // Where no sandbox can be made, the job's own container will tell why.
      const joined = lease?.sandbox.then(
        ({ id }) => `container:${id}`,
        () => undefined,
      );
      workspace = await this.#workspaces.make(way, spec.source, signal);
      const own = workspace;
      if (this.#options.recoverable === true && way !== 'upload') {
        recovery = await RecoveryDirectory.make(this.#leftovers.ownDirectory, randomBytes(6).toString('hex'));
      }
      const kept = recovery;
      const container = jobContainer(spec, this.#options.ownerId, own, await joined, recovery);
      const sandboxId = (await lease?.sandbox.catch(() => null))?.id ?? null;
      const live = await LiveContainer.start(this.#client, this.#options.clock, container, {
        name: containerName(spec.jobName),
        signal,
        returns: this.#returns,
        beforeStart: async (id) => {
          const { jobId, attempt } = spec;
          const record = { jobId, attempt, containerId: id, sandboxId, way, workspace: own.leftover };
          kept?.writeContainer(record);
          const tar = own.tar();
          if (tar !== null) await this.#client.putArchive(id, workspacePath, tar, { signal });
        },
        ...(kept === null
          ? {}
          : {
              openSession: (id: string, socket: Duplex, head: Buffer) => {
                const reconnect = () => this.#returns.attachAgain(id);
                return new RecoverableSession(
                  kept,
                  this.#options.clock,
                  { socket, head },
                  { adopted: false, reconnect },
                );
              },
            }),
      });
      return { live, workspace, lease, recovery };
    } catch (error) {
      // Removal is the container's first, which `start` has seen to.
      if (workspace !== null) this.#background.run(this.#removeWorkspace(workspace));
      if (recovery !== null) this.#background.run(recovery.remove());
      if (lease !== null && isNetworkGone(error)) this.#background.run(this.#sandboxes.forget(lease));
      lease?.end();
      throw error;
    }
  }

  #lease(network: NetworkChoice, { jobId, runsAfter, image }: ContainerSpec): SandboxLease<LiveContainer> | null {
    switch (network) {
      case 'shared':
        return this.#sandboxes.lease(jobId, new Set(runsAfter), image.name);
      case 'idle':
        return this.#sandboxes.leaseIdle(jobId);
      case 'own':
        return null;
      default:
        return unreachable(network);
    }
  }

  #createSandbox(image: string): Promise<LiveContainer> {
    return LiveContainer.start(this.#client, this.#options.clock, this.#sandboxSpec(image), {
      name: containerName('network'),
      signal: this.#closing.signal,
      returns: this.#returns,
    });
  }

  #sandboxSpec(image: string): CreateContainer {
    return sandboxContainer(image, this.#options.ownerId, this.#options.recoverable !== true);
  }

  /** Resolves when no process of a job lives; its removal goes on in the background. */
  async #remove(made: MadeContainer): Promise<void> {
    const { live, workspace, lease, recovery, sandboxId = null } = made;
    if (lease !== null) lease.isEnding = true;
    live.remove().catch(() => {});
    // Nobody follows in a network of its own, so the end of its streams will do: process 1 has let go of them.
    const dead = lease === null ? Promise.race([live.dead(), live.session.closed]) : live.dead();
    const removeAll = async () => {
      try {
        await this.#removeLive(live, dead);
        await this.#removeWorkspace(workspace);
      } finally {
        await recovery?.remove();
      }
    };
    this.#background.run(removeAll());
    if (sandboxId !== null) this.#background.run(this.#returns.bridge(() => this.#client.removeContainer(sandboxId)));
    // Where the script has left no process there is nobody to wait for.
    if (!live.session.isAlone) await dead;
    lease?.end();
  }

  /** Waits for as much of a removal as was asked for. */
  async #removeLive(live: LiveContainer, dead: Promise<void>): Promise<void> {
    const gone = live.remove().catch(() => {});
    await (this.#options.removals === 'entrusted' ? dead : gone);
  }

  async #removeWorkspace(workspace: Workspace): Promise<void> {
    if (!(await workspace.remove()) && workspace.leftover !== null) this.#leftovers.notRemoved(workspace.leftover);
  }
}
