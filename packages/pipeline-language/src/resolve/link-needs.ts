import { codes } from '../diagnostics/codes.ts';
import { type DiagnosticSink, plainSpan } from '../diagnostics/DiagnosticSink.ts';
import type { Need } from '../keys/needs.ts';
import type { MatrixEntry } from '../keys/parallel.ts';
import { limits } from '../source/limits.ts';
import { quote } from '../syntax/nodes.ts';
import type { JobInstance } from './JobDefinition.ts';
import type { JobIndex } from './JobIndex.ts';
import { combinations, instanceName } from './make-instances.ts';

/** A need with the job it means. */
export interface NeedLink {
  readonly target: JobInstance;
  readonly need: Need;
}

/** Finds the jobs that the needs of a job mean; what cannot be found is reported and left out. */
export function linkNeeds(
  instance: JobInstance,
  needs: readonly Need[],
  index: JobIndex,
  sink: DiagnosticSink,
): NeedLink[] {
  checkCount(instance, needs, sink);
  const links = new Map<string, NeedLink>();
  for (const need of needs) {
    for (const target of targetsOf(instance, need, index, sink)) {
      const earlier = links.get(target.name);
      if (earlier !== undefined) reportDuplicate(instance, need, earlier, sink);
      else links.set(target.name, { target, need });
    }
  }
  return [...links.values()];
}

function targetsOf(instance: JobInstance, need: Need, index: JobIndex, sink: DiagnosticSink): readonly JobInstance[] {
  const targets = need.matrix === null ? index.find(need.job) : selected(instance, need, need.matrix, index, sink);
  const name = instance.job.name;
  if (targets.length === 0 && need.matrix === null && !need.optional) {
    sink.report(codes.undefinedNeed, {
      message: `${name} job: undefined need: ${need.job}`,
      span: need.span,
      help: index.suggest(need.job) ?? 'write `optional: true` if the job does not always exist',
    });
  }
  const later = targets[0] && index.isLater(targets[0].job, instance.job);
  if (!later || targets[0] === undefined) return targets;
  const other = targets[0].job;
  sink.report(codes.needInLaterStage, {
    message: `${name} job: need ${need.job} is not defined in current or prior stages: its stage ${quote(other.stage)} comes after ${quote(instance.job.stage)}`,
    span: need.span,
    related: [{ span: other.stageSpan, message: 'in this later stage' }],
  });
  return [];
}

/** The instances that `needs:parallel:matrix` picks, by their exact names. */
function selected(
  instance: JobInstance,
  need: Need,
  matrix: readonly MatrixEntry[],
  index: JobIndex,
  sink: DiagnosticSink,
): JobInstance[] {
  return matrix.flatMap((entry) => {
    const own = withOwnValues(instance, need, entry, sink);
    if (own === null) return [];
    const total = [...own.values()].reduce((product, values) => product * values.length, 1);
    if (total > limits.instances) {
      const message = `\`needs:parallel\` config generates too many jobs (maximum is ${limits.instances})`;
      sink.report(codes.tooManyInstances, { message, span: need.span });
      return [];
    }
    return combinations(own).flatMap((values) => {
      const name = instanceName(need.job, [...values.values()]);
      const found = index.instance(name);
      if (found !== undefined) return [found];
      if (!need.optional) {
        const instances = index.find(need.job).map((other) => quote(other.name));
        const help =
          instances.length > 0 ? `its matrix makes ${instances.slice(0, 8).join(', ')}` : index.suggest(need.job);
        sink.report(codes.undefinedNeed, {
          message: `${instance.job.name} job: undefined need: ${name}`,
          span: need.span,
          help,
        });
      }
      return [];
    });
  });
}

/** Replaces `$[[ matrix.NAME ]]` by the value the needing instance has itself; null when it has none. */
function withOwnValues(
  instance: JobInstance,
  need: Need,
  entry: MatrixEntry,
  sink: DiagnosticSink,
): MatrixEntry | null {
  let complete = true;
  const replaced = [...entry].map(([key, values]): [string, string[]] => [
    key,
    values.map((text) =>
      text.replace(/\$\[\[\s*matrix\.(\w+)\s*\]\]/g, (_, name: string) => {
        const own = instance.matrix?.[name]?.value;
        if (own !== undefined) return own;
        complete = false;
        const message = `${instance.job.name} job: '${name}' does not exist in matrix configuration`;
        sink.report(codes.unknownMatrixVariable, { message, span: need.span });
        return '';
      }),
    ),
  ]);
  return complete ? new Map(replaced) : null;
}

function checkCount(instance: JobInstance, needs: readonly Need[], sink: DiagnosticSink): void {
  if (needs.length <= limits.needs) return;
  const message = `${instance.job.name}: one job can only need ${limits.needs} others, but you have listed ${needs.length}`;
  sink.report(codes.tooManyNeeds, { message, span: needs[limits.needs]?.span });
}

function reportDuplicate(instance: JobInstance, need: Need, earlier: NeedLink, sink: DiagnosticSink): void {
  sink.report(codes.duplicateNeed, {
    message: `${instance.job.name} has the following needs duplicated: ${need.job}`,
    span: need.span,
    related: [{ span: plainSpan(earlier.need.span), message: 'first written here' }],
  });
}
