import { codes } from '../diagnostics/codes.ts';
import type { DiagnosticSink } from '../diagnostics/DiagnosticSink.ts';
import type { MatrixEntry } from '../keys/parallel.ts';
import { quote } from '../syntax/nodes.ts';
import type { JobDefinition, JobInstance } from './JobDefinition.ts';

/** The jobs a definition makes: itself, `name 1/3` and so on, or one for each combination of its matrix. */
export function makeInstances(job: JobDefinition, sink: DiagnosticSink): JobInstance[] {
  const parallel = job.keys.parallel;
  if (parallel === undefined) return [{ name: job.name, job, matrix: null, parallel: null }];
  if (parallel.kind === 'count') {
    return Array.from({ length: parallel.count }, (_, index) => ({
      name: `${job.name} ${index + 1}/${parallel.count}`,
      job,
      matrix: null,
      parallel: { index: index + 1, total: parallel.count },
    }));
  }
  const all = parallel.entries.flatMap(combinations);
  const instances = new Map<string, JobInstance>();
  all.forEach((values, index) => {
    const name = instanceName(job.name, [...values.values()]);
    if (instances.has(name)) {
      const message = `the matrix of ${quote(job.name)} makes ${quote(name)} twice; the last one is used`;
      sink.report(codes.sameInstance, { message, span: job.span });
    }
    const matrix = Object.fromEntries([...values].map(([key, value]) => [key, { value }]));
    instances.set(name, { name, job, matrix, parallel: { index: index + 1, total: all.length } });
  });
  return [...instances.values()];
}

/** All combinations of an entry's values; the first variable changes slowest. */
export function combinations(entry: MatrixEntry): Map<string, string>[] {
  let rows: Map<string, string>[] = [new Map()];
  for (const [key, values] of entry) {
    rows = rows.flatMap((row) => values.map((value) => new Map([...row, [key, value]])));
  }
  return rows;
}

/** How GitLab calls an instance of a matrix. */
export const instanceName = (job: string, values: readonly string[]): string => `${job}: [${values.join(', ')}]`;
