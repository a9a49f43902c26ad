import type { MadeContainer } from './DockerContainer.ts';
import type { DockerParts } from './docker-options.ts';
import type { Workspace } from './workspace/Workspace.ts';

/** Removes containers and what belongs to them. */
export class ContainerRemoval {
  readonly #parts: DockerParts;

  constructor(parts: DockerParts) {
    this.#parts = parts;
  }

  /** Resolves when no process of a job is alive; the rest of its removal continues in the background. */
  async remove(made: MadeContainer): Promise<void> {
    const { client, outages, background } = this.#parts;
    const { live, others, workspace, lease, recovery, sandboxId = null } = made;
    if (lease !== null) lease.isEnding = true;
    live.remove().catch(() => {});
    // No job follows in a network of its own, so the end of its streams is enough: process 1 has closed them.
    const dead = lease === null ? Promise.race([live.dead(), live.session.closed]) : live.dead();
    const removeAll = async () => {
      try {
        await live.remove().catch(() => {});
        await this.removeWorkspace(workspace);
      } finally {
        await recovery?.remove();
      }
    };
    background.run(removeAll());
    if (sandboxId !== null) background.run(outages.retry(() => client.removeContainer(sandboxId)));
    const othersGone = others.map((id) => outages.retry(() => client.removeContainer(id)));
    for (const gone of othersGone) background.run(gone);
    // A script that has left no process needs no wait.
    if (!live.session.isAlone) await dead;
    await Promise.allSettled(othersGone);
    lease?.end();
  }

  /** Removes a workspace of which no container is left; what this process may not remove is removed at the end. */
  async removeWorkspace(workspace: Workspace): Promise<void> {
    if (!(await workspace.remove()) && workspace.leftover !== null)
      this.#parts.leftovers.notRemoved(workspace.leftover);
  }
}
