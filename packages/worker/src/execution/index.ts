export type { ArtifactLimits } from './ArtifactCollector.ts';
export type { AttemptSignals, ReleaseSlot } from './AttemptRun.ts';
export { ContainersAhead } from './ContainersAhead.ts';
export { DockerExecutor, type DockerExecutorOptions } from './DockerExecutor.ts';
export { type GuardedPlaces, Guardian } from './docker/guardian/Guardian.ts';
export { machineTime, writeLeaseNote } from './docker/guardian/lease-note.ts';
export { bootId, makeOwnerId, ownerState } from './docker/owner-id.ts';
export type { OnJobEvent } from './EventStream.ts';
export { ExecutionBroken, ImageUnavailable } from './errors.ts';
export type {
  ContainerSpec,
  JobContainer,
  JobExecutor,
  OutputSink,
  PrepareObserver,
  ScriptExit,
  ShellScript,
} from './JobExecutor.ts';
export { JobRunner, type RunJobOptions } from './JobRunner.ts';
export type { JobRunnerParts } from './job-runner-parts.ts';
export { orAborted } from './or-aborted.ts';
export { type ContainerRequest, type Place, type PreparedJob, purposeOf } from './PreparedJob.ts';
export type { DependencySource, DependencyState, JobArtifacts } from './ports.ts';
export { type ScriptedBehaviour, ScriptedExecutor, type ScriptedStep } from './ScriptedExecutor.ts';
export { shownImage } from './shown-image.ts';
export type { ToldLog } from './ToldLog.ts';
