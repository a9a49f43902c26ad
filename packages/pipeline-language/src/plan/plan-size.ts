import type { NeedPlan, Span } from '@xx-pipeline/common';
import { codes } from '../diagnostics/codes.ts';
import type { DiagnosticSink } from '../diagnostics/DiagnosticSink.ts';
import type { Variables } from '../keys/variables.ts';
import type { PipelineDefinition } from '../resolve/PipelineDefinition.ts';
import { limits } from '../source/limits.ts';
import { countEarlierKeepers } from './artifact-sources.ts';

/** Whether a plan of this file has a bearable size: a small file can describe one that no machine can hold. */
export function fitsLimits(definition: PipelineDefinition, globals: Variables, sink: DiagnosticSink): boolean {
  const jobs = definition.jobs.reduce((count, job) => count + job.instances.length, 0);
  const copying = definition.jobs.filter(({ keys, instances }) => keys.rules || keys.variables || instances[0]?.matrix);
  const copies = copying.reduce((count, job) => count + job.instances.length, 0) * Object.keys(globals).length;
  const links = countEarlierKeepers(definition);
  const span = definition.jobs[0]?.span;
  if (jobs > limits.jobs) reportTooBig(`${jobs} jobs`, limits.jobs, span, sink);
  else if (copies > limits.variableCopies)
    reportTooBig(`${copies} variables in all jobs`, limits.variableCopies, span, sink);
  else if (links > limits.links) reportTooBig(`${links} artifact links between stages`, limits.links, span, sink);
  else return true;
  return false;
}

/** Reports a pipeline with too many needs, those on all instances of parallel jobs counted one by one. */
export function checkNeedCount(
  needs: Iterable<readonly NeedPlan[]>,
  span: Span | undefined,
  sink: DiagnosticSink,
): void {
  let count = 0;
  for (const list of needs) count += list.length;
  if (count > limits.links) reportTooBig(`${count} needs`, limits.links, span, sink);
}

function reportTooBig(what: string, limit: number, span: Span | undefined, sink: DiagnosticSink): void {
  sink.report(codes.tooBig, { message: `the pipeline is too big: it has ${what}, the limit is ${limit}`, span });
}
