import type { VariablePlan } from '@xx-pipeline/common';
import { codes } from '../diagnostics/codes.ts';
import { isNull, type MapEntry, presentValue, quote, type YamlNode } from '../syntax/nodes.ts';
import { fieldsSchema } from './fields-schema.ts';
import type { JsonSchema } from './JsonSchema.ts';
import { type Fields, type Keyword, keyword, type Reader } from './Keyword.ts';
import { booleanKeyword, readTexts, textKeyword, textListSchema } from './kinds.ts';

/** Variables by name, as written. */
export type Variables = Readonly<Record<string, VariablePlan>>;

const scalarSchema: JsonSchema = { type: ['string', 'number', 'boolean', 'null'] };

const value = keyword<string>({
  name: 'value',
  summary: 'The value',
  schema: scalarSchema,
  read(node, reader) {
    if (node.kind === 'scalar') return node.text;
    reader.wrongType(node, '`value` should be a string, a number or a boolean');
    return undefined;
  },
});

const options = keyword<readonly string[]>({
  name: 'options',
  summary: 'Values that can be selected when a pipeline is started',
  schema: textListSchema,
  read: (node, reader) => readTexts(node, reader, 'options')?.map((item) => item.text),
});

const jobFields = {
  value,
  expand: booleanKeyword('expand', 'false keeps references in the value as they are'),
} as const;
const globalFields = {
  ...jobFields,
  description: textKeyword('description', 'Description of the variable'),
  options,
} as const;

function variablesKeyword(summary: string, fields: typeof jobFields | typeof globalFields | null): Keyword<Variables> {
  const valueSchema = fields === null ? scalarSchema : { anyOf: [scalarSchema, fieldsSchema(fields)] };
  return keyword({
    name: 'variables',
    summary,
    schema: { type: 'object', additionalProperties: valueSchema },
    read(node, reader) {
      if (node.kind !== 'map') {
        reader.wrongType(node, '`variables` config should be a hash (a mapping of names to values)');
        return undefined;
      }
      const variables: Record<string, VariablePlan> = {};
      for (const entry of node.entries.values()) {
        const read = readVariable(entry, reader, fields);
        if (read !== undefined) variables[entry.key] = read;
      }
      return variables;
    },
  });
}

function readVariable(entry: MapEntry, reader: Reader, fields: Fields | null): VariablePlan | undefined {
  const node = entry.value;
  if (entry.key === '__proto__') {
    reader.sink.report(codes.invalidValue, {
      message: 'a variable cannot have the name `__proto__`',
      span: entry.keySpan,
    });
    return undefined;
  }
  if (isNull(node)) return { value: '' };
  if (node.kind === 'scalar') return { value: node.text };
  if (node.kind !== 'map' || fields === null) {
    const allowed = fields === null ? 'must be a string' : 'definition must be either a string or a hash';
    reader.wrongType(node, `variable ${quote(entry.key)} ${allowed}`);
    return undefined;
  }
  const read = reader.fields(node, fields as typeof globalFields, 'variables');
  checkOptions(node, read.value, read.options, entry, reader);
  return { value: read.value ?? '', ...(read.expand === false && { raw: true }) };
}

function checkOptions(
  node: YamlNode & { kind: 'map' },
  chosen: string | undefined,
  allowed: readonly string[] | undefined,
  entry: MapEntry,
  reader: Reader,
): void {
  if (allowed === undefined || (chosen !== undefined && allowed.includes(chosen))) return;
  reader.sink.report(codes.invalidValue, {
    message: `variable ${quote(entry.key)}: value must be present in options (${allowed.map(quote).join(', ')})`,
    span: presentValue(node, 'value') ?? entry.keySpan,
  });
}

/** Variables of the whole file. */
export const globalVariables = variablesKeyword('Variables of all jobs', globalFields);

/** Variables of one job. */
export const jobVariables = variablesKeyword('Variables of the job', jobFields);

/** Variables that a matching rule adds: plain values only. */
export const ruleVariables = variablesKeyword('Variables to add if the rule matches', null);
