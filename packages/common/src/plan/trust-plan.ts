import type { PipelinePlan, PlanDocument } from './PipelinePlan.ts';

/** Brands a document that the caller has just checked as a whole: for `buildPlan` and `planSchema` alone. */
export const validatedPlan = (document: PlanDocument): PipelinePlan => document as PipelinePlan;

/** A plan out of the JSON of a store that took only plans. */
export const trustStored = (document: unknown): PipelinePlan => document as PipelinePlan;
