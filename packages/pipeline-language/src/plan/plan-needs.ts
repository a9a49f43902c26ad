import type { NeedPlan } from '@xx-pipeline/common';
import { codes } from '../diagnostics/codes.ts';
import type { DiagnosticSink } from '../diagnostics/DiagnosticSink.ts';
import type { JobInstance } from '../resolve/JobDefinition.ts';
import { linkNeeds, type NeedLink } from '../resolve/link-needs.ts';
import { reportNeedsCycles } from '../resolve/needs-cycles.ts';
import type { PipelineDefinition } from '../resolve/PipelineDefinition.ts';
import type { AdmittedJob } from './admit-jobs.ts';

/** The needs of the jobs that are in, by job; a job that goes by stages has none here. */
export type PlannedNeeds = ReadonlyMap<JobInstance, readonly NeedPlan[]>;

/**
 * Settles which needs remain once rules have decided who is in: a needed job that is not in is an error, unless the need
 * is optional. If no need remains the job starts at once.
 */
export function planNeeds(
  definition: PipelineDefinition,
  jobs: readonly AdmittedJob[],
  sink: DiagnosticSink,
): PlannedNeeds {
  const present = new Set(jobs.map((job) => job.instance));
  const graph = new Map<JobInstance, readonly NeedLink[]>();
  const planned = new Map<JobInstance, readonly NeedPlan[]>();
  const shared = new Map<readonly NeedLink[], readonly NeedPlan[]>();
  let replaced = false;
  for (const job of jobs) {
    const links = linksOf(job, definition, sink);
    if (links === null) continue;
    replaced ||= (job.ruleNeeds?.length ?? 0) > 0;
    graph.set(job.instance, links);
    const needs = shared.get(links) ?? keepPresent(job, links, present, sink);
    shared.set(links, needs);
    planned.set(job.instance, needs);
  }
  // The needs in the jobs were checked before; rules may have brought in others.
  if (replaced) reportNeedsCycles(graph, sink);
  return planned;
}

function linksOf(job: AdmittedJob, definition: PipelineDefinition, sink: DiagnosticSink): readonly NeedLink[] | null {
  if (job.ruleNeeds === undefined) return definition.links.get(job.instance)?.needs ?? null;
  if (job.ruleNeeds.length === 0 && job.instance.job.keys.needs === undefined) return null;
  return linkNeeds(job.instance, job.ruleNeeds, definition.index, sink);
}

function keepPresent(
  job: AdmittedJob,
  links: readonly NeedLink[],
  present: ReadonlySet<JobInstance>,
  sink: DiagnosticSink,
): NeedPlan[] {
  return links.flatMap(({ target, need }) => {
    if (present.has(target)) return [{ job: target.name, artifacts: need.artifacts }];
    if (need.optional) return [];
    const [name, missing] = [job.instance.name, target.name];
    sink.report(codes.needNotInPipeline, {
      message: `'${name}' job needs '${missing}' job, but '${missing}' does not exist in the pipeline; this might be because of its rules`,
      span: need.span,
      related: [{ span: target.job.span, message: 'this job is excluded by its rules' }],
      help: 'to need a job that sometimes does not exist in the pipeline, use `needs:optional`',
    });
    return [];
  });
}
