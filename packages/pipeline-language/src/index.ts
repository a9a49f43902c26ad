export { type CheckInput, type CheckResult, checkPipeline } from './check-pipeline.ts';
export { checkWithFetched } from './check-with-fetched.ts';
export type { DiagnosticCode } from './diagnostics/codes.ts';
export { type RenderOptions, renderDiagnostics } from './diagnostics/render.ts';
export type { JsonSchema } from './keys/JsonSchema.ts';
export type { JobState } from './progress/composite-status.ts';
export type { AttemptConclusion } from './progress/conclude-attempt.ts';
export { createPipelineExecution, type ExecutionFacts } from './progress/create-execution.ts';
export type { JobDecision } from './progress/decide.ts';
export { dueAt } from './progress/due-at.ts';
export { type AttemptStart, type ExecutionHead, ExecutionRecord } from './progress/ExecutionRecord.ts';
export {
  certainlyBefore,
  type LikelyJob,
  type LookAheadState,
  likelyJobs,
  nextLikelyJob,
  type Progress,
} from './progress/look-ahead.ts';
export { nextJobs } from './progress/next-jobs.ts';
export { indexPlan, type PlanIndex } from './progress/PlanIndex.ts';
export { ProgressTracker } from './progress/ProgressTracker.ts';
export { type RollUp, rollUp } from './progress/roll-up.ts';
export { playJobs, type SelectionProblem, selectJobs } from './progress/select-jobs.ts';
export { type Retries, retriesOfJob, retriesOfPipeline, stoppedDependents } from './progress/select-retries.ts';
export { simulate, type Wave, type WaveJob } from './progress/simulate.ts';
export {
  buildJobRequest,
  type JobRequestInput,
  type PipelineVariable,
  type RequestProblem,
} from './request/build-job-request.ts';
export { expandTags } from './request/expand-tags.ts';
export type { RunnerFacts } from './request/job-variables.ts';
export { makeRun, type Run, type RunRequest, treeVariables } from './request/make-run.ts';
export { maskText } from './request/mask-plan.ts';
export {
  type CommitFacts,
  type PipelineFacts,
  type ProjectFacts,
  serverVariables,
} from './request/predefined-variables.ts';
export type { RepositoryFacts, TreeFacts } from './request/RepositoryFacts.ts';
export { pipelineSchema } from './schema/pipeline-schema.ts';
export type { FileProvider } from './source/FileProvider.ts';
export type { Position } from './source/LineIndex.ts';
export type { PipelineContext } from './source/PipelineContext.ts';
