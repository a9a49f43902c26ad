import { fieldsSchema } from '../keys/fields-schema.ts';
import type { JsonSchema } from '../keys/JsonSchema.ts';
import { globalFields, jobFields } from '../keys/keyword-table.ts';

/** The JSON Schema of pipeline files for editors, made from the same tables that `check` reads with. */
export function pipelineSchema(): JsonSchema {
  const globals = fieldsSchema(globalFields);
  const job = { $ref: '#/definitions/job' };
  const named = fieldsSchema(jobFields);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'xx-pipeline',
    description: 'A pipeline file in the GitLab CI language',
    type: 'object',
    properties: {
      ...globals.properties,
      name: { description: globalFields.name.summary, anyOf: [{ type: ['string', 'null'] }, job] },
      jobs: {
        description: 'Jobs by name, or a list of jobs with `name`',
        anyOf: [
          { type: 'object', additionalProperties: job },
          { ...named, description: 'A job that is called jobs', required: ['script'] },
          {
            type: 'array',
            items: { ...named, properties: { name: { type: 'string' }, ...named.properties }, required: ['name'] },
          },
        ],
      },
    },
    patternProperties: { '^\\.': { description: 'Hidden: a template for `extends`, anchors and `!reference`' } },
    additionalProperties: job,
    definitions: { job: fieldsSchema(jobFields) },
  };
}
