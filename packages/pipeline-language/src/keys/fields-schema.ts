import type { JsonSchema } from './JsonSchema.ts';
import type { Fields } from './Keyword.ts';

/** How a description begins where a key is known by name only. */
export const supportNotes = {
  later: 'Not supported yet',
  server: 'Ignored: only has a meaning on a GitLab server',
} as const;

/** The schema of a mapping with the given keys. A key that is not supported yet is there, so that editors can say so. */
export function fieldsSchema(fields: Fields, required: readonly string[] = []): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  for (const field of Object.values(fields)) {
    if (field.support === 'full') {
      properties[field.name] = { description: field.summary, ...nullable(field.schema) };
    } else {
      properties[field.name] = {
        description: `${supportNotes[field.support]}: ${field.summary}`,
        ...(field.support === 'later' && { not: {} }),
      };
    }
  }
  return { type: 'object', properties, additionalProperties: false, ...(required.length > 0 && { required }) };
}

/** null stands for an absent key nearly everywhere. */
const nullable = (schema: JsonSchema): JsonSchema => ({ anyOf: [schema, { type: 'null' }] });
