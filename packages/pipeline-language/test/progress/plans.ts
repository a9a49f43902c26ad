import type { JobOutcome, JobPlan, PipelinePlan } from '@xx-pipeline/common';

/** A job with nothing special, but for what is given. */
export function jobPlan(name: string, stage: string, special: Partial<JobPlan> = {}): JobPlan {
  return {
    name,
    baseName: name,
    stage,
    image: { name: 'busybox:latest' },
    script: ['true'],
    afterScript: [],
    variables: {},
    needs: null,
    artifactsFrom: [],
    tags: [],
    when: 'on_success',
    allowFailure: false,
    artifacts: null,
    retry: { max: 0, when: ['always'], exitCodes: [] },
    timeout: null,
    parallel: null,
    admission: { reason: 'no rules', rules: [] },
    span: { file: 'pipeline.yml', start: 0, end: 0 },
    ...special,
  };
}

/** A plan out of jobs whose stages come in the order of first mention. */
export function pipelinePlan(...jobs: readonly JobPlan[]): PipelinePlan {
  const stages = [...Map.groupBy(jobs, (job) => job.stage)].map(([name, members]) => ({ name, jobs: members }));
  return { schemaVersion: 1, name: null, stages, excluded: [], variables: {} };
}

/** Needs with artifacts, by name. */
export const needing = (...names: readonly string[]): Partial<JobPlan> => ({
  needs: names.map((job) => ({ job, artifacts: true })),
});

/** An outcome with nothing special, but for what is given. */
export function jobOutcome(status: JobOutcome['status'], special: Partial<JobOutcome> = {}): JobOutcome {
  return {
    status,
    exitCode: status === 'SUCCESS' ? 0 : 1,
    failureReason: status === 'FAILED' ? 'script_failure' : status === 'CANCELED' ? 'canceled' : null,
    failureMessage: null,
    timings: { queue: 0, pull: 0, prepare: 0, script: 0, artifacts: 0 },
    artifacts: [],
    ...special,
  };
}
