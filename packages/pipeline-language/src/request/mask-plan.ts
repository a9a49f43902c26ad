import type { PipelinePlan } from '@xx-pipeline/common';
import type { PipelineVariable } from './build-job-request.ts';

/** Too short to be hidden: it would be found everywhere. */
const shortestMasked = 4;

/** The plan without secret values in the explanations of its rules: those quote what they compared. */
export function maskPlan(plan: PipelinePlan, variables: readonly PipelineVariable[]): PipelinePlan {
  const secrets = secretValues(variables);
  if (secrets.length === 0) return plan;
  const mask = (text: string): string => maskValues(text, secrets);
  const stages = plan.stages.map((stage) => ({
    ...stage,
    jobs: stage.jobs.map((job) => ({ ...job, admission: maskTexts(job.admission, mask) })),
  }));
  const excluded = plan.excluded.map((job) => ({ ...job, admission: maskTexts(job.admission, mask) }));
  return { ...plan, stages, excluded };
}

/** A text without the values of secret variables. */
export function maskText(text: string, variables: readonly PipelineVariable[]): string {
  return maskValues(text, secretValues(variables));
}

/** Longest first: one may contain another. */
function secretValues(variables: readonly PipelineVariable[]): string[] {
  return variables
    .filter(({ secret, value }) => secret === true && value.length >= shortestMasked)
    .map(({ value }) => value)
    .sort((a, b) => b.length - a.length);
}

const maskValues = (text: string, secrets: readonly string[]): string =>
  secrets.reduce((masked, secret) => masked.replaceAll(secret, '[MASKED]'), text);

/** Plain data with every text changed. */
function maskTexts<T>(value: T, mask: (text: string) => string): T {
  if (typeof value === 'string') return mask(value) as T;
  if (Array.isArray(value)) return value.map((entry) => maskTexts(entry, mask)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, maskTexts(entry, mask)])) as T;
}
