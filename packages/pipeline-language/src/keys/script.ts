import { codes } from '../diagnostics/codes.ts';
import { limits } from '../source/limits.ts';
import type { YamlNode } from '../syntax/nodes.ts';
import { type Keyword, keyword, type Reader } from './Keyword.ts';
import { isText, quoteHelp, textSchema } from './kinds.ts';

const nested = { type: 'array', items: { type: ['string', 'array'] } } as const;

/** A key that holds commands: a text or lists of texts inside lists, flattened. */
const scriptKeyword = (name: string, summary: string): Keyword<readonly string[]> =>
  keyword({
    name,
    summary,
    schema: { anyOf: [textSchema, nested] },
    read(node, reader) {
      const commands: string[] = [];
      return collect(node, reader, name, commands, 0) ? commands : undefined;
    },
  });

function collect(node: YamlNode, reader: Reader, name: string, commands: string[], level: number): boolean {
  if (isText(node)) {
    commands.push(node.text);
    return true;
  }
  if (node.kind === 'seq' && level <= limits.nestedLists) {
    const usable = node.items.map((item) => collect(item, reader, name, commands, level + 1));
    return usable.every(Boolean);
  }
  const expected = `a string or a nested array of strings up to ${limits.nestedLists} levels deep`;
  const message =
    level === 0
      ? `\`${name}\` config should be ${expected}`
      : `\`${name}\` config should be ${expected}; this entry is not`;
  reader.sink.report(codes.invalidScript, { message, span: node, help: helpFor(node) });
  return false;
}

function helpFor(node: YamlNode): string | undefined {
  if (node.kind === 'map') return 'a command with `: ` in it reads as a mapping: put the whole command in quotes';
  if (node.kind === 'seq') return 'the lists are nested too deeply: write the commands in one list';
  return quoteHelp(node);
}

/** The job's commands. */
export const script = scriptKeyword('script', 'Commands to run, in order, in one shell');

/** Commands before the script, in the same shell. */
export const beforeScript = scriptKeyword('before_script', 'Commands to run before the script, in the same shell');

/** Commands after the script, in a shell of their own. */
export const afterScript = scriptKeyword('after_script', 'Commands to run after the script, regardless of its result');
