import { type ContainerRecord, RecoveryDirectory } from './RecoveryDirectory.ts';

/** What earlier processes left and this one goes on with. */
export class AdoptedContainers {
  readonly #containers = new Set<string>();
  readonly #directories = new Set<string>();

  add(record: ContainerRecord, recovery: RecoveryDirectory): void {
    this.#containers.add(record.containerId);
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

/** What is left of an attempt whose script had begun and can be told; null when nothing is. */
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
