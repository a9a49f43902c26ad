import type { ImagePlan, JobPlan, NeedPlan, PipelinePlan, RetryPlan, StagePlan } from '@xx-pipeline/common';
import { validatedPlan } from '@xx-pipeline/common/plan';
import type { DiagnosticSink } from '../diagnostics/DiagnosticSink.ts';
import { isEdgeStage } from '../keys/stages.ts';
import type { PipelineDefinition } from '../resolve/PipelineDefinition.ts';
import { type AdmittedJob, admitJobs, type RuleSurroundings } from './admit-jobs.ts';
import { ArtifactSources } from './artifact-sources.ts';
import { decideWorkflow } from './decide-workflow.ts';
import { planNeeds } from './plan-needs.ts';
import { checkNeedCount, fitsLimits } from './plan-size.ts';

/** A plan, or why there is none although the file is valid. Both null when problems were found, which are in the sink. */
export interface Built {
  readonly plan: PipelinePlan | null;
  readonly notCreated: string | null;
}

const defaultImage: ImagePlan = { name: 'docker.io/library/ubuntu:latest' };
const noRetry: RetryPlan = { max: 0, when: ['always'], exitCodes: [] };

/** Evaluates all rules and puts the jobs that are in into stages. */
export function buildPlan(definition: PipelineDefinition, surroundings: RuleSurroundings, sink: DiagnosticSink): Built {
  const workflow = decideWorkflow(definition, surroundings);
  if (!workflow.created) return { plan: null, notCreated: workflow.reason };
  if (!fitsLimits(definition, workflow.variables, sink)) return { plan: null, notCreated: null };
  const admitted = admitJobs(definition, workflow.variables, surroundings);
  const needs = planNeeds(definition, admitted.jobs, sink);
  checkNeedCount(needs.values(), admitted.jobs[0]?.instance.job.span, sink);
  if (sink.hasErrors) return { plan: null, notCreated: null };
  if (admitted.jobs.every(({ instance }) => isEdgeStage(instance.job.stage))) {
    return { plan: null, notCreated: emptyReason(admitted.jobs.length) };
  }
  const sources = new ArtifactSources(
    definition,
    admitted.jobs.map((job) => job.instance),
  );
  const planned = Map.groupBy(admitted.jobs, (job) => job.instance.job.stage);
  const stages = definition.globals.stages.flatMap((name): StagePlan[] => {
    const jobs = planned.get(name);
    return jobs === undefined
      ? []
      : [{ name, jobs: jobs.map((job) => planJob(job, needs.get(job.instance) ?? null, sources)) }];
  });
  const { excluded } = admitted;
  const { name } = definition.globals;
  return {
    plan: validatedPlan({ schemaVersion: 1, name, stages, excluded, variables: workflow.variables }),
    notCreated: null,
  };
}

function planJob(job: AdmittedJob, needs: readonly NeedPlan[] | null, sources: ArtifactSources): JobPlan {
  const { instance } = job;
  const { keys } = instance.job;
  return {
    name: instance.name,
    baseName: instance.job.name,
    stage: instance.job.stage,
    image: keys.image ?? defaultImage,
    script: keys.before_script?.length ? [...keys.before_script, ...(keys.script ?? [])] : (keys.script ?? []),
    afterScript: keys.after_script ?? [],
    variables: job.variables,
    needs,
    artifactsFrom: sources.of(instance, needs),
    tags: keys.tags ?? [],
    when: job.when,
    ...(job.when === 'delayed' && job.startIn !== undefined && { startIn: job.startIn }),
    allowFailure: job.allowFailure,
    artifacts: keys.artifacts ?? null,
    retry: keys.retry ?? noRetry,
    timeout: keys.timeout ?? null,
    parallel: instance.parallel,
    admission: job.admission,
    span: instance.job.span,
  };
}

function emptyReason(jobs: number): string {
  return jobs === 0
    ? 'the resulting pipeline would have been empty: review the rules of the jobs'
    : 'the resulting pipeline would have been empty: it would have only jobs in .pre and .post';
}
