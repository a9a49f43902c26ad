import { type ContainerRecord, RecoveryDirectory } from './RecoveryDirectory.ts';

/** Containers and directories of earlier processes that this one has adopted. */
export class AdoptedContainers {
  readonly #containers = new Set<string>();
  readonly #directories = new Set<string>();

  add(record: ContainerRecord, recovery: RecoveryDirectory): void {
    for (const id of record.containerIds) this.#containers.add(id);
    if (record.sandboxId !== null) this.#containers.add(record.sandboxId);
    this.#directories.add(recovery.path);
    if (record.workspace !== null) this.#directories.add(record.workspace);
  }

  hasContainer(id: string): boolean {
    return this.#containers.has(id);
  }

  hasDirectory(path: string): boolean {
    return this.#directories.has(path);
  }
}

/** The directory of an attempt whose script an earlier process has begun and can be replayed; null if there is none. */
export async function findRecovery(
  directory: string,
  attempt: { readonly jobId: string; readonly attempt: number },
): Promise<RecoveryDirectory | null> {
  for (const recovery of await RecoveryDirectory.all(directory)) {
    const record = recovery.container;
    if (record?.jobId !== attempt.jobId || record.attempt !== attempt.attempt) continue;
    if (recovery.run(1)?.inFiles === true) return recovery;
  }
  return null;
}
