import type { JobRequest } from '@xx-pipeline/common';

/** A request with the required fields, and the given ones. */
export function jobRequest(special: Partial<JobRequest> = {}): JobRequest {
  return {
    jobId: '00000000-0000-7000-8000-000000000001',
    jobName: 'job',
    stageName: 'test',
    image: { name: 'busybox:latest' },
    script: ['true'],
    attempt: 1,
    source: { kind: 'empty' },
    ...special,
  };
}
