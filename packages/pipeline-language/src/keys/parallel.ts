import { codes } from '../diagnostics/codes.ts';
import { limits } from '../source/limits.ts';
import { isNull, type MapNode, quote, type YamlNode } from '../syntax/nodes.ts';
import { fieldsSchema } from './fields-schema.ts';
import { type Fields, keyword, type Reader } from './Keyword.ts';
import { isInteger, isText, quoteHelp } from './kinds.ts';

/** One entry of a matrix: variables and the values each takes. */
export type MatrixEntry = ReadonlyMap<string, readonly string[]>;

/** How often a job is made. */
export type Parallel =
  | { readonly kind: 'count'; readonly count: number }
  | { readonly kind: 'matrix'; readonly entries: readonly MatrixEntry[] };

const matrixValue = { type: ['string', 'integer'] } as const;
const matrixSchema = {
  type: 'array',
  items: {
    type: 'object',
    additionalProperties: { anyOf: [matrixValue, { type: 'array', items: matrixValue }] },
  },
} as const;

const matrix = keyword<readonly MatrixEntry[]>({
  name: 'matrix',
  summary: 'Variables and their values; one job for each combination',
  schema: matrixSchema,
  read: readMatrix,
});

const parallelFields = { matrix } as const satisfies Fields;

/** Makes several jobs of one. */
export const parallel = keyword<Parallel>({
  name: 'parallel',
  summary: 'Number of instances of the job, or a matrix of variables to create them from',
  schema: {
    anyOf: [{ type: 'integer', minimum: 1, maximum: limits.instances }, fieldsSchema(parallelFields, ['matrix'])],
  },
  read(node, reader) {
    if (isInteger(node)) return readCount(node, reader);
    if (node.kind !== 'map') {
      reader.wrongType(node, '`parallel` config should be an integer or a hash');
      return undefined;
    }
    const entries = reader.fields(node, parallelFields, 'parallel').matrix;
    if (entries === undefined) return undefined;
    const total = entries.reduce((sum, entry) => sum + combinations(entry), 0);
    if (total <= limits.instances) return { kind: 'matrix', entries };
    const message = `\`parallel\` config generates too many jobs (maximum is ${limits.instances})`;
    reader.sink.report(codes.tooManyInstances, { message, span: node });
    return undefined;
  },
});

/** A matrix that selects instances of a needed job. */
export const needMatrix = keyword<readonly MatrixEntry[]>({
  name: 'parallel',
  summary: 'The instances of its matrix that are needed',
  schema: fieldsSchema(parallelFields, ['matrix']),
  read(node, reader) {
    if (isInteger(node)) {
      reader.wrongType(node, '`needs` config cannot use "parallel: <number>": it should be a hash with `matrix`');
      return undefined;
    }
    return reader.mapping(node, parallelFields, 'needs:parallel')?.matrix;
  },
});

const combinations = (entry: MatrixEntry): number =>
  [...entry.values()].reduce((product, values) => product * values.length, 1);

function readCount(node: YamlNode & { value: number }, reader: Reader): Parallel | undefined {
  if (node.value >= 1 && node.value <= limits.instances) return { kind: 'count', count: node.value };
  const tooMany = node.value > limits.instances;
  const bound = tooMany ? `less than or equal to ${limits.instances}` : 'greater than or equal to 1';
  const message = `\`parallel\` config must be ${bound}`;
  reader.sink.report(tooMany ? codes.tooManyInstances : codes.invalidValue, { message, span: node });
  return undefined;
}

function readMatrix(node: YamlNode, reader: Reader): MatrixEntry[] | undefined {
  if (node.kind !== 'seq') {
    reader.wrongType(node, '`matrix` config should be an array of hashes', 'begin each combination with `- `');
    return undefined;
  }
  const entries: MatrixEntry[] = [];
  for (const item of node.items) {
    if (item.kind !== 'map' || item.entries.size === 0) {
      reader.wrongType(item, '`matrix` config should be an array of hashes, each with at least one key');
      return undefined;
    }
    const entry = readEntry(item, reader);
    if (entry === undefined) return undefined;
    entries.push(entry);
  }
  return entries;
}

function readEntry(item: MapNode, reader: Reader): MatrixEntry | undefined {
  const entry = new Map<string, readonly string[]>();
  for (const { key, keySpan, value } of item.entries.values()) {
    const nodes = value.kind === 'seq' ? value.items : [value];
    const values = nodes.flatMap((node) => (isText(node) || isInteger(node) ? node.text : []));
    if (values.length < nodes.length || values.length === 0 || key === '__proto__') {
      reader.sink.report(codes.wrongType, {
        message: `matrix variable ${quote(key)} should be a hash of key value pairs, value can be an array of strings and integers`,
        span: isNull(value) ? keySpan : value,
        help: nodes.map(quoteHelp).find((help) => help !== undefined),
      });
      return undefined;
    }
    entry.set(key, values);
  }
  return entry;
}
