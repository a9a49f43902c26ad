import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { unreachable } from '@xx-pipeline/common';
import type { ContainerSpec, PrepareObserver } from '../JobExecutor.ts';
import { workspacePath } from '../JobExecutor.ts';
import { AttachedContainer } from './AttachedContainer.ts';
import type { ContainerRemoval } from './ContainerRemoval.ts';
import { containerName, jobContainer, sandboxContainer } from './container-spec.ts';
import type { MadeContainer } from './DockerContainer.ts';
import type { DockerParts } from './docker-options.ts';
import { explainStartFailure, isImageGone, isMountFailure, isNetworkGone } from './explain-start-failure.ts';
import { ImageStore } from './ImageStore.ts';
import { NetworkSandboxes, type SandboxLease } from './NetworkSandboxes.ts';
import { RecoverableSession } from './recovery/RecoverableSession.ts';
import { RecoveryDirectory } from './recovery/RecoveryDirectory.ts';
import { RememberedMethod } from './workspace/RememberedMethod.ts';
import type { Workspace, WorkspaceMethod } from './workspace/Workspace.ts';

/**
 * `shared`: the network of a sandbox, which jobs before and after it use as well; `idle`: that of a sandbox that no other
 * job has reserved, else its own; `own`: its own.
 */
export type NetworkChoice = 'shared' | 'idle' | 'own';

/** A container to be made. */
export interface Making {
  readonly spec: ContainerSpec;
  readonly observer: PrepareObserver;
  readonly signal: AbortSignal;
  readonly network: NetworkChoice;
}

/**
 * Makes the containers of jobs. What is missing or does not work is replaced, each time beginning anew:
 *
 *   engine unreachable -> wait; image gone -> pull; mount refused -> next way for the files; network gone -> its own
 */
export class ContainerMaking {
  readonly #parts: DockerParts;
  readonly #removal: ContainerRemoval;
  readonly #images: ImageStore;
  readonly #sandboxes: NetworkSandboxes<AttachedContainer>;
  readonly #ways: RememberedMethod;
  readonly #warned = new Set<string>();

  constructor(parts: DockerParts, removal: ContainerRemoval) {
    const { client, options } = parts;
    this.#parts = parts;
    this.#removal = removal;
    this.#images = new ImageStore(client, options.clock);
    this.#sandboxes = new NetworkSandboxes<AttachedContainer>({
      create: (image) => this.#createSandbox(image),
      remove: (live) => live.remove().catch(() => {}),
    });
    const remembered = join(options.stateDirectory, 'workspace-way.json');
    this.#ways = new RememberedMethod(remembered, client.transport.address, options.clock);
  }

  /** Removes what containers share. */
  close(): Promise<void> {
    return this.#sandboxes.close();
  }

  /** Makes a container, with its image and its files. Waits for an engine that is unreachable for a short time. */
  make(making: Making): Promise<MadeContainer> {
    const { spec, observer, signal } = making;
    let tries = 0;
    return this.#parts.outages.retry(
      async () => {
        if (tries++ > 0) await this.#parts.leftovers.removeAttempt(spec.jobId, spec.attempt);
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
      const made = await this.#makeWithWorkspace(making);
      if (image === 'assumed') observer.pulled(spec.image.name, 0);
      return made;
    } catch (error) {
      if (image !== 'assumed' || !isImageGone(error)) throw explainStartFailure(error, spec.image.name);
      this.#images.absent(spec.image);
    }
    await this.#images.ensure(spec.image, spec.runId, observer, signal);
    try {
      return await this.#makeWithWorkspace(making);
    } catch (error) {
      throw explainStartFailure(error, spec.image.name);
    }
  }

  /** Makes a container, with its files by the best way that the engine offers. */
  async #makeWithWorkspace(making: Making): Promise<MadeContainer> {
    const { observer } = making;
    const ways = this.#usable(making);
    for (const [index, way] of ways.entries()) {
      try {
        const made = await this.#makeIn(way, making);
        this.#ways.worked(way);
        return made;
      } catch (error) {
        if (isNetworkGone(error) && making.network !== 'own')
          return await this.#makeWithWorkspace({ ...making, network: 'own' });
        const next = ways[index + 1];
        if (next === undefined || !isMountFailure(error)) throw error;
        this.#ways.failed(way);
        this.#warnOnce(observer, `the engine cannot give jobs their files by ${way}; falling back to ${next} (slower)`);
      }
    }
    throw new Error('no way to make a workspace');
  }

  #usable({ spec, observer }: Making): WorkspaceMethod[] {
    if (this.#parts.options.workspaceMode === 'shared' && spec.source.kind === 'tree') return ['shared'];
    return this.#ways.inOrder().filter((way) => {
      const obstacle = this.#parts.workspaces.obstacle(way, spec.source);
      if (obstacle !== null) this.#warnOnce(observer, `jobs get copies of their files (slower), because ${obstacle}`);
      return obstacle === null;
    });
  }

  #warnOnce(observer: PrepareObserver, message: string): void {
    if (this.#warned.has(message)) return;
    this.#warned.add(message);
    observer.warning(message);
  }

  async #makeIn(way: WorkspaceMethod, { spec, signal, network }: Making): Promise<MadeContainer> {
    const { client, options, outages, leftovers, background } = this.#parts;
    const lease = this.#lease(network, spec);
    let workspace: Workspace | null = null;
    let recovery: RecoveryDirectory | null = null;
    try {
      // Where no sandbox can be made, the error of the job's own container says why.
      const joined = lease?.sandbox.then(
        ({ id }) => `container:${id}`,
        () => undefined,
      );
      workspace = await this.#parts.workspaces.make(way, spec.source, signal);
      const own = workspace;
      if (options.recoverable === true && way !== 'upload') {
        recovery = await RecoveryDirectory.make(leftovers.ownDirectory, randomBytes(6).toString('hex'));
      }
      const kept = recovery;
      const container = jobContainer(spec, options.ownerId, own, await joined, recovery);
      const sandboxId = (await lease?.sandbox.catch(() => null))?.id ?? null;
      const live = await AttachedContainer.start(client, options.clock, container, {
        name: containerName(spec.jobName),
        signal,
        outages,
        beforeStart: async (id) => {
          const { jobId, attempt } = spec;
          kept?.writeContainer({ jobId, attempt, containerIds: [id], sandboxId, way, workspace: own.leftover });
          const tar = own.tar();
          if (tar !== null) await client.putArchive(id, workspacePath, tar, { signal });
        },
        ...(kept !== null && { openSession: this.#recoverable(kept) }),
      });
      return { live, others: [], workspace, lease, recovery };
    } catch (error) {
      // The container comes first; `start` has removed it.
      if (workspace !== null) background.run(this.#removal.removeWorkspace(workspace));
      if (recovery !== null) background.run(recovery.remove());
      if (lease !== null && isNetworkGone(error)) background.run(this.#sandboxes.forget(lease));
      lease?.end();
      throw error;
    }
  }

  #recoverable(kept: RecoveryDirectory) {
    const { outages, options } = this.#parts;
    return (id: string, socket: Duplex, head: Buffer) => {
      const reconnect = () => outages.reattach(id);
      return new RecoverableSession(kept, options.clock, { socket, head }, { adopted: false, reconnect });
    };
  }

  #lease(network: NetworkChoice, { jobId, runsAfter, image }: ContainerSpec): SandboxLease<AttachedContainer> | null {
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

  #createSandbox(image: string): Promise<AttachedContainer> {
    const { client, options, outages, closing } = this.#parts;
    const spec = sandboxContainer(image, options.ownerId, options.recoverable !== true);
    return AttachedContainer.start(client, options.clock, spec, {
      name: containerName('network'),
      signal: closing,
      outages,
    });
  }
}
