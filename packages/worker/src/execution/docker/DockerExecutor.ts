import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Background, messageOf } from '@xx-pipeline/common';
import type {
  ContainerSpec,
  ExecutorHealth,
  ExecutorTraits,
  JobContainer,
  JobExecutor,
  PrepareObserver,
} from '../JobExecutor.ts';
import { AttachedContainer } from './AttachedContainer.ts';
import { ContainerMaking } from './ContainerMaking.ts';
import { ContainerRemoval } from './ContainerRemoval.ts';
import { DockerClient } from './DockerClient.ts';
import { DockerContainer, type MadeContainer } from './DockerContainer.ts';
import type { DockerExecutorOptions, DockerParts } from './docker-options.ts';
import { EngineOutages } from './EngineOutages.ts';
import { EngineTransport } from './EngineTransport.ts';
import { findEngineAddress, parseEngineAddress, processSurroundings } from './engine-address.ts';
import { Leftovers } from './Leftovers.ts';
import { labelNames } from './label-names.ts';
import { AdoptedContainers, findRecovery } from './recovery/adopted-containers.ts';
import { RecoverableSession } from './recovery/RecoverableSession.ts';
import { WorkspaceMaker } from './workspace/WorkspaceMaker.ts';

/** Milliseconds for which an engine may be unreachable before jobs fail. */
const enginePatienceMs = 60_000;

/** Runs jobs in containers of a Docker engine, or of one that has its API. */
export class DockerExecutor implements JobExecutor {
  readonly traits: ExecutorTraits;
  readonly #parts: DockerParts;
  readonly #making: ContainerMaking;
  readonly #removal: ContainerRemoval;
  readonly #closing: AbortController;
  readonly #adopted = new AdoptedContainers();
  #lastImage: string | null = null;

  private constructor(options: DockerExecutorOptions, client: DockerClient) {
    const { ownerId, stateDirectory, trees, clock } = options;
    this.traits = {
      outlivesProcess: options.recoverable === true,
      canPause: true,
      bringsOwnTrees: false,
      makesAheadCheaply: true,
      queues: false,
    };
    this.#closing = new AbortController();
    const { signal: closing } = this.#closing;
    // Containers that end with this process cannot be recovered when the engine restarts either.
    const patienceMs = options.recoverable === true ? enginePatienceMs : 0;
    const leftovers = new Leftovers(client, join(stateDirectory, 'work'), ownerId);
    const directory = leftovers.ownDirectory;
    this.#parts = {
      options,
      client,
      outages: new EngineOutages(client, clock, { patienceMs, closing }),
      workspaces: new WorkspaceMaker({ trees, directory, labels: { [labelNames.owner]: ownerId } }),
      leftovers,
      background: new Background(() => {}),
      closing,
    };
    this.#removal = new ContainerRemoval(this.#parts);
    this.#making = new ContainerMaking(this.#parts, this.#removal);
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
    const making = this.#making.make({ spec, observer, signal, network: spec.isOnly ? 'own' : 'shared' });
    this.#parts.background.run(making);
    const made = await making;
    this.#lastImage = spec.image.name;
    const { closing } = this.#parts;
    return this.#container(made, () => this.#making.make({ spec, observer, signal: closing, network: 'idle' }));
  }

  sweep(): Promise<void> {
    const removal = this.#parts.leftovers.removeDead();
    this.#parts.background.run(removal);
    return removal;
  }

  async health(): Promise<ExecutorHealth> {
    try {
      const { apiVersion } = await this.#parts.client.ping();
      return { ok: true, text: `Docker, API ${apiVersion}` };
    } catch (error) {
      return { ok: false, text: messageOf(error) };
    }
  }

  async adopt(spec: ContainerSpec): Promise<JobContainer | null> {
    const recovery = await findRecovery(this.#parts.leftovers.ownDirectory, spec);
    const record = recovery?.container ?? null;
    if (recovery === null || record === null) return null;
    const { client, outages, workspaces, options } = this.#parts;
    const [own, ...others] = record.containerIds;
    const details = await client.inspectContainer(own);
    // A caller that adopts knows that the attempt is still its own; a paused container cannot be attached to.
    if (details?.State.Paused === true) {
      await Promise.all(record.containerIds.map((id) => client.unpauseContainer(id)));
    }
    const connection = details?.State.Running === true ? await client.attach(own) : null;
    const reconnect = () => outages.reattach(own);
    const session = new RecoverableSession(recovery, options.clock, connection, { adopted: true, reconnect });
    const live = AttachedContainer.adopt(client, options.clock, outages, own, session);
    const workspace = workspaces.adopt(record.way, spec.source, record.workspace);
    this.#adopted.add(record, recovery);
    this.#lastImage ??= spec.image.name;
    const made: MadeContainer = { live, others, workspace, lease: null, recovery, sandboxId: record.sandboxId };
    return this.#container(made, () => Promise.reject(new Error('an adopted container is not made again')));
  }

  removeUnadopted(): Promise<void> {
    return this.#parts.leftovers.removeFormer(this.#adopted);
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('the executor is closed'));
    this.#parts.background.run(this.#making.close());
    await this.#parts.background.settled();
    await this.#parts.leftovers.removeOwn(this.#lastImage);
    this.#parts.client.transport.close();
  }

  #container(made: MadeContainer, remake: () => Promise<MadeContainer>): DockerContainer {
    const { client, outages } = this.#parts;
    return new DockerContainer({ client, outages, remake, remove: (old) => this.#removal.remove(old) }, made);
  }
}
