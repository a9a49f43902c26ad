import { codes } from '../diagnostics/codes.ts';
import { limits } from '../source/limits.ts';
import type { YamlNode } from '../syntax/nodes.ts';
import { fieldsSchema } from './fields-schema.ts';
import { type Fields, keyword, later, type Reader } from './Keyword.ts';
import { isGlob, isText, readTexts, textListSchema, textSchema } from './kinds.ts';

const list = (name: string) =>
  keyword<readonly string[]>({
    name,
    summary: 'File patterns',
    schema: { anyOf: [textSchema, textListSchema] },
    read: (node, reader) => readPaths(node, reader, name),
  });

const changesFields = {
  paths: list('paths'),
  compare_to: later('compare_to', 'another commit to compare with'),
} as const satisfies Fields;

const existsFields = {
  paths: list('paths'),
  project: later('project', 'files of another project'),
  ref: later('ref', 'another commit of a project'),
} as const satisfies Fields;

/** Matches when one of the files has changed. */
export const changes = keyword<readonly string[]>({
  name: 'changes',
  summary: 'Matches when one of these files has changed',
  schema: { anyOf: [textListSchema, fieldsSchema(changesFields, ['paths'])] },
  read: (node, reader) =>
    node.kind === 'map' ? reader.fields(node, changesFields, 'changes').paths : readPaths(node, reader, 'changes'),
});

/** Matches when one of the files exists. */
export const exists = keyword<readonly string[]>({
  name: 'exists',
  summary: 'Matches when one of these files exists',
  schema: { anyOf: [textSchema, textListSchema, fieldsSchema(existsFields, ['paths'])] },
  read: (node, reader) =>
    node.kind === 'map' ? reader.fields(node, existsFields, 'exists').paths : readPaths(node, reader, 'exists'),
});

function readPaths(node: YamlNode, reader: Reader, name: string): string[] | undefined {
  const texts = isText(node) && name !== 'changes' ? [node] : readTexts(node, reader, name);
  if (texts !== undefined && texts.length > limits.rulePaths) {
    const message = `\`${name}\` config has too many entries (maximum ${limits.rulePaths})`;
    reader.sink.report(codes.tooManyEntries, { message, span: node });
    return undefined;
  }
  return texts?.filter((item) => isGlob(item, reader)).map((item) => item.text);
}
