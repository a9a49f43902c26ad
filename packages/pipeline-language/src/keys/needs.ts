import type { Span } from '@xx-pipeline/common';
import { codes } from '../diagnostics/codes.ts';
import { plainSpan } from '../diagnostics/DiagnosticSink.ts';
import { presentValue, type YamlNode } from '../syntax/nodes.ts';
import { fieldsSchema } from './fields-schema.ts';
import { type Fields, keyword, later, type Reader } from './Keyword.ts';
import { booleanKeyword, isText, textKeyword, textSchema } from './kinds.ts';
import { type MatrixEntry, needMatrix } from './parallel.ts';

/** One entry of `needs`, as written. */
export interface Need {
  readonly job: string;
  readonly artifacts: boolean;
  readonly optional: boolean;
  /** Selects instances of the needed job; null = all. */
  readonly matrix: readonly MatrixEntry[] | null;
  readonly span: Span;
}

const needFields = {
  job: textKeyword('job', 'Name of the needed job'),
  artifacts: booleanKeyword('artifacts', 'Whether its artifacts are downloaded; true by default'),
  optional: booleanKeyword('optional', 'Whether the job may be missing from the pipeline'),
  parallel: needMatrix,
  pipeline: later('pipeline', 'a job of another pipeline'),
  project: later('project', 'a job of another project'),
  ref: later('ref', 'a branch of another project'),
} as const satisfies Fields;

const needSchema = { anyOf: [textSchema, fieldsSchema(needFields)] };

/** The jobs that a job waits for, instead of all earlier stages. */
export const needs = keyword<readonly Need[]>({
  name: 'needs',
  summary: 'Jobs to wait for, instead of all earlier stages',
  schema: {
    anyOf: [
      { type: 'array', items: { anyOf: [...needSchema.anyOf, { type: 'array', items: needSchema }] } },
      needSchema.anyOf[1] ?? {},
    ],
  },
  read(node, reader) {
    if (node.kind === 'map') return readNeed(node, reader);
    if (node.kind === 'seq') {
      const items = node.items.flatMap((item) => (item.kind === 'seq' ? item.items : [item]));
      return items.flatMap((item) => readNeed(item, reader));
    }
    reader.wrongType(
      node,
      '`needs` config can only be a hash or an array',
      isText(node) ? `write \`[${node.text}]\`` : undefined,
    );
    return undefined;
  },
});

function readNeed(node: YamlNode, reader: Reader): Need[] {
  const simple = { artifacts: true, optional: false, matrix: null, span: plainSpan(node) };
  if (isText(node)) return [{ job: node.text, ...simple }];
  if (node.kind !== 'map') {
    reader.wrongType(
      node,
      '`needs` uses invalid types: needs:need has an unsupported type; it should be a string or a hash',
    );
    return [];
  }
  const fields = reader.fields(node, needFields, 'needs');
  const elsewhere = ['pipeline', 'project'].some((key) => presentValue(node, key) !== undefined);
  if (elsewhere) return [];
  const job = presentValue(node, 'job');
  if (job === undefined) {
    const message = 'an entry of `needs` can not be an empty hash: it should have a `job`';
    reader.sink.report(codes.missingKey, { message, span: node, help: 'add `job: name-of-the-job`' });
  }
  // With an unusable matrix nobody knows which jobs are meant; that has been reported.
  const badMatrix = presentValue(node, 'parallel') !== undefined && fields.parallel === undefined;
  if (job === undefined || fields.job === undefined || badMatrix) return [];
  return [
    {
      job: fields.job,
      artifacts: fields.artifacts ?? true,
      optional: fields.optional ?? false,
      matrix: fields.parallel ?? null,
      span: plainSpan(job),
    },
  ];
}
