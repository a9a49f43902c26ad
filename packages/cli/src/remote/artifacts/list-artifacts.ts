import type { ArtifactRef, PipelineExecution } from '@xx-pipeline/common';

/** The archive of a job as it is listed. */
export interface ListedArtifact {
  readonly jobId: string;
  readonly job: string;
  readonly attempt: number;
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
}

/** What the last attempts of a run's jobs have kept. */
export function listArtifacts(execution: Pick<PipelineExecution, 'jobs'>): ListedArtifact[] {
  return execution.jobs.flatMap((job) => {
    const last = job.attempts.at(-1);
    return (last?.artifacts ?? []).map(({ name, size, sha256 }: ArtifactRef) => ({
      jobId: job.id,
      job: job.name,
      attempt: last?.number ?? 1,
      name,
      size,
      sha256,
    }));
  });
}
