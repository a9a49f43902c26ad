import type { RetryPlan } from '@xx-pipeline/common';
import { didYouMean } from '../diagnostics/closest-name.ts';
import { codes } from '../diagnostics/codes.ts';
import { quote, type YamlNode } from '../syntax/nodes.ts';
import { exitCodes } from './exit-codes.ts';
import { fieldsSchema } from './fields-schema.ts';
import { type Fields, keyword, type Reader } from './Keyword.ts';
import { isInteger, isText } from './kinds.ts';

const mostRetries = 2;

/** Reasons a person may list; the second line holds internal ones that GitLab accepts as well. */
const reasons = [
  ...'always unknown_failure script_failure api_failure stuck_or_timeout_failure runner_system_failure'.split(' '),
  ...'runner_unsupported stale_schedule job_execution_timeout archived_failure unmet_prerequisites'.split(' '),
  ...'scheduler_failure data_integrity_failure'.split(' '),
  ...'missing_dependency_failure forward_deployment_failure no_matching_runner trace_size_exceeded'.split(' '),
  ...'builds_disabled environment_creation_failure user_blocked project_deleted'.split(' '),
] as const;

const count = { type: 'integer', minimum: 0, maximum: mostRetries } as const;

const max = keyword<number>({ name: 'max', summary: 'Extra attempts', schema: count, read: readCount });

const when = keyword<readonly string[]>({
  name: 'when',
  summary: 'Failure reasons that are retried',
  schema: { anyOf: [{ enum: reasons }, { type: 'array', items: { enum: reasons } }] },
  read(node, reader) {
    const items = node.kind === 'seq' ? node.items : [node];
    return items.flatMap((item) => {
      if (isText(item) && reasons.includes(item.text)) return item.text;
      reader.sink.report(codes.invalidValue, {
        message: `\`retry\` when is not included in the list: contains unknown values: ${item.kind === 'scalar' ? quote(item.text) : 'no text'}`,
        span: item,
        help: isText(item) ? didYouMean(item.text, reasons) : undefined,
      });
      return [];
    });
  },
});

const retryFields = { max, when, exit_codes: exitCodes } as const satisfies Fields;

/** Which failures start another attempt. */
export const retry = keyword<RetryPlan>({
  name: 'retry',
  summary: 'Extra attempts after a failure',
  schema: { anyOf: [count, fieldsSchema(retryFields)] },
  read(node, reader) {
    if (node.kind !== 'map') {
      const attempts = readCount(node, reader);
      return attempts === undefined ? undefined : { max: attempts, when: ['always'], exitCodes: [] };
    }
    const fields = reader.fields(node, retryFields, 'retry');
    const codesListed = fields.exit_codes ?? [];
    return {
      max: fields.max ?? 0,
      when: fields.when ?? (codesListed.length > 0 ? [] : ['always']),
      exitCodes: codesListed,
    };
  },
});

function readCount(node: YamlNode, reader: Reader): number | undefined {
  if (!isInteger(node)) {
    reader.wrongType(node, '`retry` config has to be either an integer or a hash');
    return undefined;
  }
  if (node.value >= 0 && node.value <= mostRetries) return node.value;
  const bound = node.value < 0 ? 'greater than or equal to 0' : `less than or equal to ${mostRetries}`;
  reader.sink.report(codes.invalidValue, { message: `\`retry\` config must be ${bound}`, span: node });
  return undefined;
}
