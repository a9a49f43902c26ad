import type { YamlNode } from '../syntax/nodes.ts';
import { defaultFields } from './default.ts';
import { fieldsSchema } from './fields-schema.ts';
import { type Fields, type Keyword, keyword, type Reader } from './Keyword.ts';
import { isText, readChoice, textListSchema } from './kinds.ts';

/** Everything, nothing, or what is listed. */
export type Inheritance = boolean | readonly string[];

const inheritance = (
  name: string,
  summary: string,
  read: (items: readonly YamlNode[], reader: Reader) => string[],
): Keyword<Inheritance> =>
  keyword({
    name,
    summary,
    schema: { anyOf: [{ type: 'boolean' }, textListSchema] },
    read(node, reader) {
      if (node.kind === 'scalar' && typeof node.value === 'boolean') return node.value;
      if (node.kind === 'seq') return read(node.items, reader);
      reader.wrongType(node, `\`inherit:${name}\` should be a bool or array of strings`);
      return undefined;
    },
  });

const defaultNames = Object.keys(defaultFields);

const inheritFields = {
  default: inheritance('default', 'Which keys of `default` apply', (items, reader) =>
    items.flatMap(
      (item) => readChoice(item, reader, '`inherit:default` contains unknown values: it', defaultNames) ?? [],
    ),
  ),
  variables: inheritance('variables', 'Which global variables apply', (items, reader) =>
    items.flatMap((item) => {
      if (isText(item)) return item.text;
      reader.wrongType(item, '`inherit:variables` should be a bool or array of strings');
      return [];
    }),
  ),
} as const satisfies Fields;

/** What a job takes over from `default` and the global variables. */
export const inherit = keyword({
  name: 'inherit',
  summary: 'What the job inherits from `default` and global variables',
  schema: fieldsSchema(inheritFields),
  read: (node, reader) => reader.mapping(node, inheritFields, 'inherit'),
});
