export { type BackendApi, runUrl } from './follow/BackendApi.ts';
export { Connection, type ConnectionOptions } from './follow/Connection.ts';
/** @public Tests derive the events of a local run from its log. */
export { DerivedEvents } from './follow/DerivedEvents.ts';
export { type ExecutionChange, followExecution } from './follow/follow-execution.ts';
export { followLog, type LogOfAttempt } from './follow/follow-log.ts';
export { RemoteRunFollower, type RemoteRunParts } from './follow/RemoteRunFollower.ts';
export type { RunEvent } from './RunEvent.ts';
export { between, formatBytes, formatDuration, formatElapsed } from './words/amounts.ts';
export {
  failureText,
  jobDuration,
  newsKey,
  type OutcomeFacts,
  outcomeNotes,
  waitingText,
} from './words/job-outcome.ts';
export { type StatusLook, statusLook } from './words/status.ts';
