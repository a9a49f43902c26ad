import { codes } from '../diagnostics/codes.ts';
import type { DiagnosticSink } from '../diagnostics/DiagnosticSink.ts';
import type { Dependency } from '../keys/dependencies.ts';
import type { Need } from '../keys/needs.ts';
import { quote } from '../syntax/nodes.ts';
import type { JobInstance } from './JobDefinition.ts';
import type { JobIndex } from './JobIndex.ts';
import type { NeedLink } from './link-needs.ts';

/** Finds the jobs in `dependencies`; what cannot be found or used is reported and left out. */
export function linkDependencies(
  instance: JobInstance,
  dependencies: readonly Dependency[],
  needs: { written: readonly Need[]; links: readonly NeedLink[] } | null,
  index: JobIndex,
  sink: DiagnosticSink,
): JobInstance[] {
  const name = instance.job.name;
  const needed = new Set(needs?.links.map((link) => link.target.name));
  // What is written counts as well: a need that could not be found has been reported.
  for (const need of needs?.written ?? []) needed.add(need.job);
  return dependencies.flatMap(({ job, span }) => {
    const targets = index.find(job);
    const [first] = targets;
    if (first === undefined) {
      sink.report(codes.undefinedDependency, {
        message: `${name} job: undefined dependency: ${job}`,
        span,
        help: index.suggest(job),
      });
      return [];
    }
    if (index.isLater(first.job, instance.job)) {
      const message = `${name} job: dependency ${job} is not defined in current or prior stages: its stage is ${quote(first.job.stage)}`;
      const related = [{ span: first.job.stageSpan, message: 'in this later stage' }];
      sink.report(codes.dependencyInLaterStage, { message, span, related });
      return [];
    }
    if (needs !== null && !needed.has(job) && !targets.some((target) => needed.has(target.name))) {
      const message = `${name} job: dependencies the ${job} should be part of needs`;
      sink.report(codes.dependencyNotNeeded, { message, span, help: `add ${quote(job)} to \`needs\`` });
      return [];
    }
    return targets;
  });
}
