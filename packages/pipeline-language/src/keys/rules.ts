import { codes } from '../diagnostics/codes.ts';
import { plainSpan } from '../diagnostics/DiagnosticSink.ts';
import type { RuleInput } from '../rules/evaluate-rules.ts';
import { parseIf } from '../rules/if-expression.ts';
import { limits } from '../source/limits.ts';
import type { YamlNode } from '../syntax/nodes.ts';
import { allowFailure } from './allow-failure.ts';
import { fieldsSchema } from './fields-schema.ts';
import { type Fields, type FieldValues, type Keyword, keyword, later, type Reader } from './Keyword.ts';
import { isText, textSchema } from './kinds.ts';
import { type Need, needs } from './needs.ts';
import { changes, exists } from './rule-paths.ts';
import { interruptible } from './simple-keys.ts';
import { ruleVariables } from './variables.ts';
import { admissionWhen, ruleWhen, startIn } from './when.ts';

/** A checked rule; `needs` are still as written. */
export interface Rule extends RuleInput {
  readonly needs?: readonly Need[];
}

const condition = keyword<NonNullable<RuleInput['if']>>({
  name: 'if',
  summary: 'Condition on variables, such as $CI_COMMIT_BRANCH == "main"',
  schema: textSchema,
  read(node, reader) {
    if (!isText(node)) {
      reader.wrongType(node, '`if` should be a string', 'quote it and write variables as `$NAME`');
      return undefined;
    }
    const parsed = parseIf(node.text);
    if (parsed.ok) return { expression: parsed.value, text: node.text };
    const start = node.start + (node.end - node.start === node.text.length ? parsed.error.offset : 0);
    reader.sink.report(codes.invalidExpression, {
      message: `rules:rule if ${parsed.error.message}`,
      span: {
        file: node.file,
        start: Math.min(start, node.end),
        end: start === node.start ? node.end : Math.min(start + 1, node.end),
      },
    });
    return undefined;
  },
});

const clauses = { if: condition, changes, exists } as const;

const ruleFields = {
  ...clauses,
  when: ruleWhen,
  allow_failure: allowFailure,
  start_in: startIn,
  variables: ruleVariables,
  needs,
  interruptible,
} as const satisfies Fields;

const workflowFields = {
  ...clauses,
  when: admissionWhen,
  variables: ruleVariables,
  auto_cancel: later('auto_cancel', 'what a newer pipeline cancels'),
  allow_failure: allowFailure,
  start_in: startIn,
  needs,
} as const satisfies Fields;

const includeFields = { ...clauses, when: admissionWhen } as const satisfies Fields;

type RuleFields = typeof ruleFields | typeof workflowFields | typeof includeFields;

function rulesKeyword(summary: string, fields: RuleFields): Keyword<readonly Rule[]> {
  const rule = fieldsSchema(fields);
  return keyword({
    name: 'rules',
    summary,
    schema: { type: 'array', items: { anyOf: [rule, { type: 'array' }] } },
    read(node, reader) {
      if (node.kind !== 'seq') {
        reader.wrongType(
          node,
          '`rules` config should be an array containing hashes and arrays of hashes',
          'begin each rule with `- `',
        );
        return undefined;
      }
      const rules = flatten(node, reader, 0).map((item, index) => readRule(item, index, reader, fields));
      if (rules.length > 0) return rules;
      reader.sink.report(codes.invalidValue, { message: "`rules` config can't be blank", span: node });
      return undefined;
    },
  });
}

function flatten(node: YamlNode, reader: Reader, level: number): YamlNode[] {
  if (node.kind === 'seq' && level <= limits.nestedLists)
    return node.items.flatMap((item) => flatten(item, reader, level + 1));
  if (node.kind === 'map' && node.entries.size > 0) return [node];
  reader.wrongType(node, '`rules` config should be an array containing hashes and arrays of hashes');
  return [];
}

function readRule(node: YamlNode, index: number, reader: Reader, fields: RuleFields): Rule {
  if (node.kind !== 'map') throw new Error('rules are flattened to mappings first');
  const read: FieldValues<typeof ruleFields> = reader.fields(node, fields as typeof ruleFields, 'rules:rule');
  return {
    index,
    span: plainSpan(node),
    ...(read.if && { if: read.if }),
    ...(read.changes && { changes: { paths: read.changes } }),
    ...(read.exists && { exists: read.exists }),
    ...(read.when && { when: read.when }),
    ...(read.start_in !== undefined && { startIn: read.start_in }),
    ...(read.allow_failure !== undefined && { allowFailure: read.allow_failure }),
    ...(read.variables && { variables: read.variables }),
    ...(read.needs && { needs: read.needs }),
  };
}

/** Rules of a job: the first that matches decides whether and how it runs. */
export const rules = rulesKeyword(
  'Conditions for adding the job to the pipeline; the first matching rule decides',
  ruleFields,
);

/** Rules of the whole pipeline. */
export const workflowRules = rulesKeyword(
  'Conditions for creating a pipeline; the first matching rule decides',
  workflowFields,
);

/** Rules of an include. */
export const includeRules = rulesKeyword('Whether the file is included', includeFields);
