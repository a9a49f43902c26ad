import type { AllowFailurePlan } from '@xx-pipeline/common';
import { exitCodes } from './exit-codes.ts';
import { fieldsSchema } from './fields-schema.ts';
import { type Fields, keyword } from './Keyword.ts';

const allowFailureFields = { exit_codes: exitCodes } as const satisfies Fields;

/** Which failures leave the pipeline green. */
export const allowFailure = keyword<AllowFailurePlan>({
  name: 'allow_failure',
  summary: 'Whether the pipeline continues if the job fails',
  schema: { anyOf: [{ type: 'boolean' }, fieldsSchema(allowFailureFields, ['exit_codes'])] },
  read(node, reader) {
    if (node.kind === 'scalar' && typeof node.value === 'boolean') return node.value;
    if (node.kind !== 'map') {
      reader.wrongType(node, '`allow_failure` config should be a boolean value or a hash with `exit_codes`');
      return undefined;
    }
    const fields = reader.fields(node, allowFailureFields, 'allow_failure');
    return fields.exit_codes && { exitCodes: fields.exit_codes };
  },
});
