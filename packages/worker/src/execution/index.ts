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
export type { DependencySource, DependencyState, JobArtifacts } from './ports.ts';
