import type { JobPlan } from '@xx-pipeline/common';
import { expandText } from '../variables/expand-text.ts';
import { expandVariables } from '../variables/expand-variables.ts';
import type { PipelineVariable } from './build-job-request.ts';
import { rawLayer } from './job-variables.ts';

/**
 * The labels a job asks for, with variables put in; those that come to nothing are left out. Variables that cannot
 * be expanded leave the labels as they are: the job itself will fail for it.
 */
export function expandTags(
  job: JobPlan,
  predefined: Readonly<Record<string, string>>,
  given: readonly PipelineVariable[],
): string[] {
  if (!job.tags.some((tag) => tag.includes('$'))) return [...new Set(job.tags)];
  const overlay = Object.fromEntries(given.map(({ name, value, raw = false }) => [name, { value, raw }]));
  const variables = expandVariables([rawLayer(predefined), job.variables, overlay]);
  if (!variables.ok) return [...job.tags];
  const values = variables.value;
  const lookUp = (name: string) => (Object.hasOwn(values, name) ? values[name] : undefined);
  return [...new Set(job.tags.map((tag) => expandText(tag, lookUp).trim()).filter((tag) => tag !== ''))];
}
