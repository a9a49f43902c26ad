import type { Dependency } from '../keys/dependencies.ts';
import type { Reader } from '../keys/Keyword.ts';
import type { MapNode } from '../syntax/nodes.ts';
import { checkInstanceNames } from './check-instance-names.ts';
import { checkStages } from './check-stages.ts';
import { checkVariableCycles } from './check-variable-cycles.ts';
import type { JobDefinition, JobInstance } from './JobDefinition.ts';
import { JobIndex } from './JobIndex.ts';
import { linkDependencies } from './link-dependencies.ts';
import { linkNeeds, type NeedLink } from './link-needs.ts';
import { reportNeedsCycles } from './needs-cycles.ts';
import { type Globals, readGlobals } from './read-globals.ts';
import { readJobs } from './read-jobs.ts';

/** A whole file, read and linked, before any rule is evaluated. */
export interface PipelineDefinition {
  readonly globals: Globals;
  readonly jobs: readonly JobDefinition[];
  readonly index: JobIndex;
  readonly links: ReadonlyMap<JobInstance, JobLinks>;
}

/** The other jobs that a job names. */
interface JobLinks {
  /** null without `needs`. */
  readonly needs: readonly NeedLink[] | null;
  /** null without `dependencies`. */
  readonly dependencies: readonly JobInstance[] | null;
}

/** Reads the merged file and checks what can be checked without rules. */
export function definePipeline(root: MapNode, reader: Reader): PipelineDefinition {
  const globals = readGlobals(root, reader);
  const jobs = readJobs(root, globals, reader);
  const index = new JobIndex(jobs, globals.stages);
  checkInstanceNames(jobs, reader.sink);
  checkStages(jobs, globals.stages, reader.sink);
  checkVariableCycles(globals, jobs, root, reader.sink);
  const links = new Map<JobInstance, JobLinks>();
  for (const job of jobs) linkJob(job, index, links, reader);
  const graph = new Map([...links].flatMap(([job, { needs }]) => (needs === null ? [] : [[job, needs] as const])));
  reportNeedsCycles(graph, reader.sink);
  return { globals, jobs, index, links };
}

function linkJob(job: JobDefinition, index: JobIndex, links: Map<JobInstance, JobLinks>, reader: Reader): void {
  const { needs: written, dependencies } = job.keys;
  if (written === undefined && dependencies === undefined) return;
  const perInstance = written?.some((need) => need.matrix !== null) ?? false;
  let shared: JobLinks | undefined;
  for (const instance of job.instances) {
    const known = perInstance ? undefined : shared;
    shared = known ?? linkInstance(instance, index, reader, dependencies);
    links.set(instance, shared);
  }
}

function linkInstance(
  instance: JobInstance,
  index: JobIndex,
  reader: Reader,
  dependencies: readonly Dependency[] | undefined,
): JobLinks {
  const written = instance.job.keys.needs;
  const needs = written === undefined ? null : linkNeeds(instance, written, index, reader.sink);
  const named = written === undefined || needs === null ? null : { written, links: needs };
  return {
    needs,
    dependencies:
      dependencies === undefined ? null : linkDependencies(instance, dependencies, named, index, reader.sink),
  };
}
