import { limits } from '../source/limits.ts';
import type { YamlNode } from '../syntax/nodes.ts';
import { keyword, type Reader } from './Keyword.ts';
import { isText } from './kinds.ts';

const first = '.pre';
const last = '.post';

/** Stages of a file that names none. */
export const defaultStages: readonly string[] = [first, 'build', 'test', 'deploy', last];

/** Whether a stage exists in every pipeline; a pipeline with jobs in nothing else is not created. */
export const isEdgeStage = (stage: string): boolean => stage === first || stage === last;

/** The order of the stages; `.pre` and `.post` are always at the ends. */
export const stages = keyword<readonly string[]>({
  name: 'stages',
  summary: 'Stage names, in the order they run',
  schema: { type: 'array', items: { type: ['string', 'array'] } },
  read(node, reader) {
    if (node.kind !== 'seq') {
      reader.wrongType(
        node,
        '`stages` config should be an array of strings or a nested array of strings up to 10 levels deep',
      );
      return undefined;
    }
    const names = new Set(collect(node, reader, 0));
    names.delete(first);
    names.delete(last);
    return [first, ...names, last];
  },
});

function collect(node: YamlNode, reader: Reader, level: number): string[] {
  if (isText(node)) return [node.text];
  if (node.kind === 'seq' && level <= limits.nestedLists)
    return node.items.flatMap((item) => collect(item, reader, level + 1));
  reader.wrongType(node, '`stages` config should be an array of strings; this entry should be a string');
  return [];
}
