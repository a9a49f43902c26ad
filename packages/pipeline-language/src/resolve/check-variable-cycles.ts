import { codes } from '../diagnostics/codes.ts';
import type { DiagnosticSink } from '../diagnostics/DiagnosticSink.ts';
import type { Variables } from '../keys/variables.ts';
import { type MapNode, presentValue } from '../syntax/nodes.ts';
import { findVariableCycles } from '../variables/find-variable-cycles.ts';
import type { JobDefinition } from './JobDefinition.ts';
import type { Globals } from './read-globals.ts';

/** Reports variables that refer to each other in a circle, among the global ones and in each job. */
export function checkVariableCycles(
  globals: Globals,
  jobs: readonly JobDefinition[],
  root: MapNode,
  sink: DiagnosticSink,
): void {
  const section = presentValue(root, 'variables');
  const globalCycles = findVariableCycles(globals.variables);
  for (const names of globalCycles) report('pipeline', names, section, sink);
  if (globalCycles.length > 0) return;
  for (const job of jobs) {
    const own = job.keys.variables;
    if (own === undefined || !hasReference(own)) continue;
    for (const names of findVariableCycles({ ...globals.variables, ...own })) {
      const node = root.entries.get(job.name)?.value;
      report(job.name, names, node?.kind === 'map' ? presentValue(node, 'variables') : undefined, sink);
    }
  }
}

/** Whether a set of variables can close a circle that was not there without it. */
const hasReference = (variables: Variables): boolean =>
  Object.values(variables).some((variable) => !variable.raw && /[$%]/.test(variable.value));

function report(
  owner: string,
  names: readonly string[],
  section: ReturnType<typeof presentValue>,
  sink: DiagnosticSink,
): void {
  const written = section?.kind === 'map' ? section.entries : undefined;
  const places = names.flatMap((name) => {
    const span = written?.get(name)?.keySpan;
    return span === undefined ? [] : [{ span, message: `\`${name}\` refers to another variable of the cycle` }];
  });
  sink.report(codes.variableCycle, {
    message: `${owner}: circular variable reference detected: ${JSON.stringify(names)}`,
    span: places[0]?.span ?? section,
    related: places.slice(1),
    help: '`expand: false` keeps a `$` in a value as it is',
  });
}
