import type { RelatedSpan } from '@xx-pipeline/common';
import { codes } from '../diagnostics/codes.ts';
import type { DiagnosticSink } from '../diagnostics/DiagnosticSink.ts';
import { quote } from '../syntax/nodes.ts';
import type { JobInstance } from './JobDefinition.ts';
import type { NeedLink } from './link-needs.ts';

/** Edges of one cycle whose places are told. */
const mostEdges = 100;

/** The needs of every job that has some. */
export type NeedGraph = ReadonlyMap<JobInstance, readonly NeedLink[]>;

/** Reports every cycle of needs, with the place of each edge. */
export function reportNeedsCycles(graph: NeedGraph, sink: DiagnosticSink): void {
  for (const cycle of findCycles(graph)) {
    const names = cycle.map((link) => link.target.name);
    const last = names.at(-1) ?? '';
    const related: RelatedSpan[] = cycle.slice(1, mostEdges).map((link, index) => ({
      span: link.need.span,
      message: `${quote(names[index] ?? last)} needs ${quote(link.target.name)}`,
    }));
    sink.report(codes.needsCycle, {
      message: `the pipeline has circular dependencies: ${shorten([last, ...names]).join(' -> ')}`,
      span: cycle[0]?.need.span,
      related,
      help: 'remove one of these needs',
    });
  }
}

/** A cycle can have thousands of jobs; its ends show enough. */
const shorten = (names: string[]): string[] =>
  names.length <= 12 ? names : [...names.slice(0, 6), '...', ...names.slice(-5)];

/** Kahn's algorithm: what can never become free of needs is on a cycle, or needs a job that is. */
function stuckJobs(graph: NeedGraph): Set<JobInstance> {
  const waitingFor = new Map<JobInstance, number>();
  const neededBy = new Map<JobInstance, JobInstance[]>();
  for (const [job, links] of graph) {
    waitingFor.set(job, links.length);
    for (const { target } of links) {
      const others = neededBy.get(target);
      if (others === undefined) neededBy.set(target, [job]);
      else others.push(job);
      if (!waitingFor.has(target)) waitingFor.set(target, graph.get(target)?.length ?? 0);
    }
  }
  const free = [...waitingFor.keys()].filter((job) => waitingFor.get(job) === 0);
  const stuck = new Set(waitingFor.keys());
  for (let job = free.pop(); job !== undefined; job = free.pop()) {
    stuck.delete(job);
    for (const other of neededBy.get(job) ?? []) {
      const left = (waitingFor.get(other) ?? 0) - 1;
      waitingFor.set(other, left);
      if (left === 0) free.push(other);
    }
  }
  return stuck;
}

/** The links of each cycle, in order; the last one leads back to where the first begins. */
function findCycles(graph: NeedGraph): NeedLink[][] {
  const stuck = stuckJobs(graph);
  const cycles: NeedLink[][] = [];
  const seen = new Set<JobInstance>();
  for (const start of stuck) {
    const path: NeedLink[] = [];
    const positions = new Map<JobInstance, number>();
    let job: JobInstance | undefined = start;
    while (job !== undefined && !seen.has(job)) {
      seen.add(job);
      positions.set(job, path.length);
      // Every stuck job needs a stuck job, so following such needs must close a cycle.
      const link: NeedLink | undefined = graph.get(job)?.find((each) => stuck.has(each.target));
      if (link === undefined) break;
      path.push(link);
      job = link.target;
    }
    const begin = job === undefined ? undefined : positions.get(job);
    if (begin !== undefined) cycles.push(path.slice(begin));
  }
  return cycles;
}
