import { keyword } from './Keyword.ts';
import { isInteger } from './kinds.ts';

/** Exit codes of a script, one or several. */
export const exitCodes = keyword<readonly number[]>({
  name: 'exit_codes',
  summary: 'Exit codes this applies to',
  schema: { anyOf: [{ type: 'integer' }, { type: 'array', items: { type: 'integer' } }] },
  read(node, reader) {
    const items = node.kind === 'seq' ? node.items : [node];
    const read = items.filter(isInteger).map((item) => item.value);
    if (read.length === items.length) return read;
    reader.wrongType(node, '`exit_codes` exit codes should be an array of integers or an integer');
    return undefined;
  },
});
