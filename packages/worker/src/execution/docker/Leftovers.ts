import { readdir, rm, rmdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ownerState } from '../../process/index.ts';
import { removalContainer } from './container-spec.ts';
import type { DockerClient } from './DockerClient.ts';
import { labelNames } from './label-names.ts';
import type { AdoptedContainers } from './recovery/adopted-containers.ts';

/** Looks at what dead owners have left, at most. */
const rounds = 5;

/** Finds and removes what runs have left: in the engine by label, on this machine in the directory for workspaces. */
export class Leftovers {
  readonly #client: DockerClient;
  readonly #work: string;
  readonly #own: string;
  readonly #ownerId: string;
  readonly #notRemoved = new Set<string>();

  /** `work` holds a directory per owner; its name is the owner's id, encoded as part of a URL. */
  constructor(client: DockerClient, work: string, ownerId: string) {
    this.#client = client;
    this.#work = work;
    this.#own = join(work, encodeURIComponent(ownerId));
    this.#ownerId = ownerId;
  }

  /** Where this process makes workspaces. */
  get ownDirectory(): string {
    return this.#own;
  }

  /** Removes all that belongs to owners that are certainly dead. */
  async removeDead(): Promise<void> {
    // The engine may still be at work for one that has just died: what it finishes, or refuses, is met in the next round.
    for (let round = 0; round < rounds; round++) {
      if ((await this.#removeDeadOnce()) === 0) break;
    }
    for (const name of await readdir(this.#work).catch(() => [])) {
      if (!this.#isDead(decode(name))) continue;
      await rm(join(this.#work, name), { recursive: true, force: true }).catch(() => {});
    }
  }

  /** How much there was to remove. */
  async #removeDeadOnce(): Promise<number> {
    const client = this.#client;
    const [containers, networks, volumes] = await Promise.all([
      client.listContainers(labelNames.owner),
      client.listNetworks(labelNames.owner),
      client.listVolumes(labelNames.owner),
    ]);
    return (
      (await this.#each(containers, (container) => client.removeContainer(container.Id))) +
      (await this.#each(networks, (network) => client.removeNetwork(network.Id))) +
      (await this.#each(volumes, (volume) => client.removeVolume(volume.Name)))
    );
  }

  /** Removes what an earlier process of this very owner has left, but for what this one goes on with. */
  async removeFormer(adopted: AdoptedContainers): Promise<void> {
    const client = this.#client;
    const label = `${labelNames.owner}=${this.#ownerId}`;
    const containers = (await client.listContainers(label)).filter(({ Id }) => !adopted.hasContainer(Id));
    await Promise.allSettled(containers.map(({ Id }) => client.removeContainer(Id)));
    for (const name of await readdir(this.#own).catch(() => [])) {
      const path = join(this.#own, name);
      if (name === 'empty' || adopted.hasDirectory(path)) continue;
      await rm(path, { recursive: true, force: true }).catch(() => this.notRemoved(path));
    }
  }

  /** Removes containers of an attempt whose making the engine has not survived: nobody heard of them. */
  async removeAttempt(jobId: string, attempt: number): Promise<void> {
    const client = this.#client;
    const found = (await client.listContainers(`${labelNames.job}=${jobId}`)).filter(
      ({ Labels }) => Labels?.[labelNames.owner] === this.#ownerId && Labels?.[labelNames.attempt] === String(attempt),
    );
    await Promise.all(found.map(({ Id }) => client.removeContainer(Id)));
  }

  /** A directory that this process may not remove: the job's own user, often root, has written into it. */
  notRemoved(directory: string): void {
    this.#notRemoved.add(directory);
  }

  /** Removes this process's own directory, once all workspaces are gone; from inside a container where it must. */
  async removeOwn(image: string | null): Promise<void> {
    if (this.#notRemoved.size > 0 && image !== null) {
      const names = [...this.#notRemoved].map((directory) => basename(directory));
      await this.#removeInContainer(image, names).catch(() => {});
      this.#notRemoved.clear();
    }
    await rm(join(this.#own, 'empty'), { recursive: true, force: true }).catch(() => {});
    await rmdir(this.#own).catch(() => {});
  }

  async #each<T extends { Labels: Readonly<Record<string, string>> | null }>(
    found: readonly T[],
    remove: (one: T) => Promise<void>,
  ): Promise<number> {
    const dead = found.filter((one) => this.#isDead(one.Labels?.[labelNames.owner]));
    await Promise.allSettled(dead.map(remove));
    return dead.length;
  }

  #isDead(owner: string | undefined): boolean {
    return owner !== undefined && owner !== this.#ownerId && ownerState(owner) === 'dead';
  }

  async #removeInContainer(image: string, names: readonly string[]): Promise<void> {
    const id = await this.#client.createContainer(removalContainer(image, this.#ownerId, this.#own, names), {});
    try {
      await this.#client.startContainer(id);
      await this.#client.waitContainer(id, 'not-running', { deadline: 60_000 });
    } finally {
      await this.#client.removeContainer(id);
    }
  }
}

function decode(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
