export { aborted, orAborted, whenAborted } from './abort.ts';
export type { ArtifactRef } from './artifacts/ArtifactRef.ts';
export { artifactLimits } from './artifacts/artifact-limits.ts';
export { Background } from './Background.ts';
export { type Clock, isoTime, systemClock } from './clock.ts';
export type { Diagnostic, RelatedSpan, Severity } from './diagnostics/Diagnostic.ts';
export type { Span } from './diagnostics/Span.ts';
export { canTransition, ExecutionStatus, isTerminal } from './execution/ExecutionStatus.ts';
export type { FailureReason } from './execution/FailureReason.ts';
export type {
  JobAction,
  JobAttempt,
  JobExecution,
  PhaseTimings,
  PlayVariable,
  ShownJobExecution,
} from './execution/JobExecution.ts';
export type { PipelineExecution, ShownPipelineExecution, SourceInfo } from './execution/PipelineExecution.ts';
export {
  type CallerAction,
  localPrincipal,
  type Principal,
  principalName,
  type TokenRole,
  tokenRoles,
} from './execution/Principal.ts';
export type { StageExecution } from './execution/StageExecution.ts';
export { type IdSource, systemIds } from './ids.ts';
export type { DependencyState } from './jobs/DependencyState.ts';
export { eventsOfLine } from './jobs/events-of-line.ts';
export { failedOutcome, noTimings } from './jobs/failed-outcome.ts';
export type { JobEvent, JobOutcome, JobPhase } from './jobs/JobEvent.ts';
export type { ArtifactRequest, JobDependency, JobRequest, JobVariable, SourceRequest } from './jobs/JobRequest.ts';
export type { JobStatusUpdate } from './jobs/JobStatusUpdate.ts';
export type { UpcomingJob } from './jobs/UpcomingJob.ts';
export { limits } from './limits.ts';
export { areMergeable, type LogChunk, type LogOrigin, type LogStream } from './logs/LogChunk.ts';
export { RunnerLineReader } from './logs/RunnerLineReader.ts';
export { type RunnerLine, runnerLineMark, runnerLineText } from './logs/runner-lines.ts';
export { unmarkedLimitKind } from './logs/unmarked-runner-lines.ts';
export { messageOf, stackOf } from './message-of.ts';
export type {
  Admission,
  AllowFailurePlan,
  ArtifactsPlan,
  ImagePlan,
  JobPlan,
  NeedPlan,
  PullPolicy,
  RetryPlan,
  RuleClauseTrace,
  RuleTrace,
  VariablePlan,
  When,
} from './plan/JobPlan.ts';
export type { ExcludedJob, PipelinePlan, PlanDocument } from './plan/PipelinePlan.ts';
export type { StagePlan } from './plan/StagePlan.ts';
export { buildReport } from './report/build-report.ts';
export type { JobReport, Report, StageReport } from './report/Report.ts';
export { failure, type Result, success } from './result.ts';
export { SystemFailure } from './SystemFailure.ts';
export { parentsOf, pathInside, TreePaths } from './sources/paths.ts';
export { type SnapshotFile, snapshotText } from './sources/snapshot-text.ts';
export { unreachable } from './unreachable.ts';
