import { fieldsSchema } from './fields-schema.ts';
import { type Fields, keyword, later } from './Keyword.ts';
import { textKeyword } from './kinds.ts';
import { workflowRules } from './rules.ts';

const workflowFields = {
  name: textKeyword('name', 'Name of the pipeline'),
  rules: workflowRules,
  auto_cancel: later('auto_cancel', 'what a newer pipeline cancels'),
} as const satisfies Fields;

/** Conditions for creating a pipeline, and its name. */
export const workflow = keyword({
  name: 'workflow',
  summary: 'Conditions for creating a pipeline, and its name',
  schema: fieldsSchema(workflowFields),
  read: (node, reader) => reader.mapping(node, workflowFields, 'workflow'),
});
