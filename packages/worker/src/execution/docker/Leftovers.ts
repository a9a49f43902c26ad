import { readdir, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { DockerClient } from './DockerClient.ts';
import { labelNames } from './label-names.ts';
import { ownerState } from './owner-id.ts';

/** Finds and removes what runs have left: in the engine by label, on this machine in the directory for workspaces. */
export class Leftovers {
  readonly #client: DockerClient;
  readonly #work: string;
  readonly #own: string;
  readonly #ownerId: string;
  readonly #notRemoved = new Set<string>();

  constructor(client: DockerClient, work: string, own: string, ownerId: string) {
    this.#client = client;
    this.#work = work;
    this.#own = own;
    this.#ownerId = ownerId;
  }

  /** Removes all that belongs to owners that are certainly dead. */
  async remove(): Promise<void> {
    const client = this.#client;
    const ofDead = (labels: Readonly<Record<string, string>> | null) => this.#isDead(labels?.[labelNames.owner]);
    const [containers, networks] = await Promise.all([
      client.listContainers(labelNames.owner),
      client.listNetworks(labelNames.owner),
    ]);
    await Promise.allSettled(
      containers.filter((one) => ofDead(one.Labels)).map((one) => client.removeContainer(one.Id)),
    );
    await Promise.allSettled(networks.filter((one) => ofDead(one.Labels)).map((one) => client.removeNetwork(one.Id)));
    const volumes = await client.listVolumes(labelNames.owner);
    await Promise.allSettled(volumes.filter((one) => ofDead(one.Labels)).map((one) => client.removeVolume(one.Name)));
    for (const name of await readdir(this.#work).catch(() => [])) {
      if (this.#isDead(name.replaceAll('_', ':')))
        await rm(join(this.#work, name), { recursive: true, force: true }).catch(() => {});
    }
  }

  /** A directory that this process may not remove: files of root in it. */
  notRemoved(directory: string): void {
    this.#notRemoved.add(directory);
  }

  /** Removes this process's own directory, once all workspaces are gone. */
  async removeOwn(): Promise<void> {
    await rm(join(this.#own, 'empty'), { recursive: true, force: true }).catch(() => {});
    await rmdir(this.#own).catch(() => {});
    void basename;
    void dirname;
  }

  #isDead(owner: string | undefined): boolean {
    return owner !== undefined && owner !== this.#ownerId && ownerState(owner) === 'dead';
  }
}
