export type { ArtifactLimits } from './artifacts/ArtifactCollector.ts';
export type { AttemptSignals, ReleaseSlot } from './attempt/AttemptSignals.ts';
export type { ContainerGuard, ContainerLease } from './ContainerGuard.ts';
export { ContainersAhead } from './ContainersAhead.ts';
export {
  askEngine,
  type EngineAnswer,
  type EngineCall,
  type EngineLocation,
  findEngine,
} from './docker/ask-engine.ts';
export { machineTime } from './docker/guardian/lease-note.ts';
export { ExecutionBroken } from './errors.ts';
export type {
  ContainerSpec,
  ExecutorHealth,
  ExecutorTraits,
  JobContainer,
  JobExecutor,
  OutputSink,
  PrepareObserver,
  ScriptExit,
  ShellScript,
} from './JobExecutor.ts';
export { JobRunner, type RunJobOptions } from './JobRunner.ts';
export type { JobRunnerParts } from './job-runner-parts.ts';
export type { OnJobEvent } from './log/EventStream.ts';
export type { ReportedLog } from './log/ReportedLog.ts';
export { shownImage } from './log/shown-image.ts';
export { type ExecutorKind, type OpenExecutorOptions, type OpenedExecutor, openExecutor } from './open-executor.ts';
export { type ContainerRequest, containerKey, type PreparedJob, type SharingHints } from './PreparedJob.ts';
export type { DependencySource, JobArtifacts } from './ports.ts';
/** @public Tests of other packages script jobs with it. */
export { type ScriptedBehaviour, ScriptedExecutor, type ScriptedStep } from './scripted/ScriptedExecutor.ts';
