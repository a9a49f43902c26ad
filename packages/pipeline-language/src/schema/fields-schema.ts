import type { Fields } from '../keys/Keyword.ts';
import type { JsonSchema } from './JsonSchema.ts';

/** The schema of a mapping with the given keys. A key that is not supported yet is there, so that editors can say so. */
export function fieldsSchema(fields: Fields, required: readonly string[] = []): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  for (const field of Object.values(fields)) {
    if (field.support === 'full') {
      properties[field.name] = { description: field.summary, ...nullable(field.schema) };
    } else {
      const state = field.support === 'later' ? 'Not supported yet' : 'Ignored: only has a meaning on a GitLab server';
      properties[field.name] = {
        description: `${state}: ${field.summary}`,
        ...(field.support === 'later' && { not: {} }),
      };
    }
  }
  return { type: 'object', properties, additionalProperties: false, ...(required.length > 0 && { required }) };
}

/** null stands for an absent key nearly everywhere. */
const nullable = (schema: JsonSchema): JsonSchema => ({ anyOf: [schema, { type: 'null' }] });
