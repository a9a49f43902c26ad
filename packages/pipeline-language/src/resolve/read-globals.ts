import { codes } from '../diagnostics/codes.ts';
import type { defaultFields } from '../keys/default.ts';
import type { FieldValues, Keyword, Reader } from '../keys/Keyword.ts';
import { globalFields, oldDefaultNames } from '../keys/keyword-table.ts';
import type { Rule } from '../keys/rules.ts';
import { defaultStages } from '../keys/stages.ts';
import type { Variables } from '../keys/variables.ts';
import { isNull, type MapEntry, type MapNode, presentValue } from '../syntax/nodes.ts';

/** Values of `default`, however written. */
export type Defaults = FieldValues<typeof defaultFields>;

/** Everything at the top of a file that is not a job. */
export interface Globals {
  readonly name: string | null;
  readonly stages: readonly string[];
  readonly defaults: Defaults;
  readonly variables: Variables;
  readonly workflowRules: readonly Rule[] | null;
}

/** Whether an entry at the top is a keyword. A job may be called `name`: a pipeline's name is no mapping. */
export const isGlobal = (entry: MapEntry): boolean =>
  Object.hasOwn(globalFields, entry.key) && !(entry.key === 'name' && entry.value.kind === 'map');

/** Reads the global keywords of the merged file. */
export function readGlobals(root: MapNode, reader: Reader): Globals {
  const nameEntry = root.entries.get('name');
  const name = nameEntry && isGlobal(nameEntry) ? read(root, reader, globalFields.name) : undefined;
  const workflow = read(root, reader, globalFields.workflow);
  const spec = root.entries.get('spec');
  if (spec !== undefined) reader.namedOnly(globalFields.spec, spec, '');
  return {
    name: workflow?.name ?? name ?? null,
    stages: read(root, reader, globalFields.stages) ?? defaultStages,
    defaults: readDefaults(root, reader),
    variables: read(root, reader, globalFields.variables) ?? {},
    workflowRules: workflow?.rules ?? null,
  };
}

function read<T>(root: MapNode, reader: Reader, keyword: Keyword<T>): T | undefined {
  const node = presentValue(root, keyword.name);
  return node && reader.value(keyword, node);
}

/** `default`, and the same keys in their old place at the top of the file. */
function readDefaults(root: MapNode, reader: Reader): Defaults {
  const defaults: Record<string, unknown> = { ...read(root, reader, globalFields.default) };
  const section = presentValue(root, 'default');
  for (const name of oldDefaultNames) {
    const entry = root.entries.get(name);
    if (entry === undefined || isNull(entry.value)) continue;
    const other = section?.kind === 'map' ? section.entries.get(name) : undefined;
    if (other !== undefined) {
      reader.sink.report(codes.defaultConflict, {
        message: `${name} is defined in top-level and \`default:\` entry`,
        span: entry.keySpan,
        related: [{ span: other.keySpan, message: 'the one in `default`' }],
        help: 'keep the one in `default`',
      });
    }
    const keyword = globalFields[name as keyof typeof globalFields];
    if (keyword.support === 'full') defaults[name] = reader.value(keyword as Keyword<unknown>, entry.value);
    else reader.namedOnly(keyword, entry, '');
  }
  return defaults as Defaults;
}
