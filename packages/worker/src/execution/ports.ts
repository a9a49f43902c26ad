import type { ArtifactRef, DependencyState } from '@xx-pipeline/common';

/** Source of the states of a job's dependencies: records in memory locally, the backend over HTTP on a worker. */
export interface DependencySource {
  /** One state per dependency of the job, in the order of its request. */
  getDependencies(jobId: string): Promise<readonly DependencyState[]>;
}

/** Store of artifact archives: a directory locally, the backend on a worker. */
export interface JobArtifacts {
  /** Stores the archive (tar, zstd-compressed) of one attempt, whole or not at all, and returns its reference. */
  save(
    owner: { jobId: string; attempt: number; name: string },
    archive: AsyncIterable<Uint8Array>,
  ): Promise<ArtifactRef>;
  /** The archive of the job's last finished attempt, for the job `readerId`; null when it kept none. */
  open(jobId: string, readerId: string): Promise<AsyncIterable<Uint8Array> | null>;
}
