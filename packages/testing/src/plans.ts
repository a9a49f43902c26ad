import type { JobPlan, PipelinePlan } from '@xx-pipeline/common';
import { validatedPlan } from '@xx-pipeline/common/plan';

/** A valid job with no special fields except the given ones. */
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
    span: { file: 'pipeline.yml', start: 0, end: 1 },
    ...special,
  };
}

/** A plan of these jobs, unchecked; its stages are in the order in which the jobs first mention them. */
export function testPlan(...jobs: readonly JobPlan[]): PipelinePlan {
  const stages = [...Map.groupBy(jobs, (job) => job.stage)].map(([name, members]) => ({ name, jobs: members }));
  return validatedPlan({ schemaVersion: 1, name: null, stages, excluded: [], variables: {} });
}

/** Needs with artifacts, by job name. */
export const needing = (...names: readonly string[]): Partial<JobPlan> => ({
  needs: names.map((job) => ({ job, artifacts: true })),
});
