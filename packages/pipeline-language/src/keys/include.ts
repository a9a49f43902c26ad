import type { Span } from '@xx-pipeline/common';
import { codes } from '../diagnostics/codes.ts';
import { plainSpan } from '../diagnostics/DiagnosticSink.ts';
import { expectMissingNames } from '../diagnostics/missing-names.ts';
import { presentValue, quote, type YamlNode } from '../syntax/nodes.ts';
import { fieldsSchema } from './fields-schema.ts';
import { type Fields, keyword, later, type Reader } from './Keyword.ts';
import { isText, textKeyword, textSchema } from './kinds.ts';
import { includeRules, type Rule } from './rules.ts';

/** One file, or pattern of files, to include. */
export interface Include {
  readonly local: string;
  readonly rules: readonly Rule[] | null;
  readonly span: Span;
}

const includeFields = {
  local: textKeyword('local', 'Path from the root of the repository; may contain * and **'),
  rules: includeRules,
  project: later('project', 'a file of another project'),
  file: later('file', 'the file of another project'),
  ref: later('ref', 'the commit of another project'),
  remote: later('remote', 'a file fetched over the network'),
  integrity: later('integrity', 'the checksum of a remote file'),
  cache: later('cache', 'how long a remote file is kept'),
  template: later('template', "one of GitLab's own files"),
  component: later('component', 'a component of a catalogue'),
  artifact: later('artifact', 'a file that a job makes'),
  job: later('job', 'the job that makes the file'),
  inputs: later('inputs', 'inputs of the included file'),
} as const satisfies Fields;

const kinds = ['local', 'project', 'remote', 'template', 'component', 'artifact'];
const entrySchema = { anyOf: [textSchema, fieldsSchema(includeFields)] };

/** Files whose content is merged below this one's. */
export const include = keyword<readonly Include[]>({
  name: 'include',
  summary: 'Other files to merge below this one',
  schema: { anyOf: [...entrySchema.anyOf, { type: 'array', items: entrySchema }] },
  read(node, reader) {
    const items = node.kind === 'seq' ? node.items : [node];
    return items.flatMap((item) => readInclude(item, reader));
  },
});

function readInclude(node: YamlNode, reader: Reader): Include[] {
  if (isText(node)) {
    if (!/^https?:\/\//i.test(node.text)) return [{ local: node.text, rules: null, span: plainSpan(node) }];
    const message = '`include:remote` (a file fetched over the network) is not supported yet';
    reader.sink.report(codes.notSupportedYet, { message, span: node });
    expectMissingNames(reader.sink);
    return [];
  }
  if (node.kind !== 'map') {
    const message = '`include` config should be a string, a hash or a list of them';
    reader.sink.report(codes.badInclude, { message, span: node, help: 'write `include: path/of/the/file.yml`' });
    return [];
  }
  const used = kinds.filter((kind) => presentValue(node, kind) !== undefined);
  if (used.length !== 1) {
    const message =
      used.length === 0
        ? `\`include\` does not have a valid subkey; valid subkeys are: ${kinds.map(quote).join(', ')}`
        : `each \`include\` must use only one of: ${used.map(quote).join(', ')}`;
    reader.sink.report(codes.badInclude, { message, span: node });
  }
  const fields = reader.fields(node, includeFields, 'include');
  const local = presentValue(node, 'local');
  if (used.length !== 1 || local === undefined || fields.local === undefined) {
    expectMissingNames(reader.sink);
    return [];
  }
  return [{ local: fields.local, rules: fields.rules ?? null, span: plainSpan(local) }];
}
