import { supportNotes } from '../src/keys/fields-schema.ts';
import type { JsonSchema } from '../src/keys/JsonSchema.ts';
import type { Fields } from '../src/keys/Keyword.ts';
import { globalFields, jobFields } from '../src/keys/keyword-table.ts';

const states = {
  full: 'supported',
  later: 'not supported yet',
  server: 'accepted, only for gitlab.com',
} as const;

/** The page of all keywords, from the tables that read them. */
export function keywordPage(): string {
  const seen = new Set<unknown>();
  return [
    '# Keywords',
    '',
    'Every keyword of the language, and how far it is supported. A keyword that is not supported yet is an error where it is',
    'used; one that only has a meaning on gitlab.com is accepted with a warning. `a:b` is the key `b` inside `a`; keys inside',
    'a keyword are listed where it is first named.',
    '',
    '## In a job',
    '',
    ...table(jobFields, seen),
    '',
    '## At the top of a file',
    '',
    ...table(globalFields, seen),
    '',
  ].join('\n');
}

function table(fields: Fields, seen: Set<unknown>): string[] {
  const rows = Object.entries(fields).flatMap(([key, field]) => [
    row(key, states[field.support], `${field.summary}${'noEffect' in field ? `; no effect: ${field.noEffect}` : ''}`),
    ...(field.support === 'full' ? nestedRows(key, field.schema, seen) : []),
  ]);
  return ['| Keyword | State | Meaning |', '| --- | --- | --- |', ...rows];
}

/** The keys that a value may have in turn, found where its schema names them. */
function nestedRows(path: string, schema: unknown, seen: Set<unknown>): string[] {
  if (typeof schema !== 'object' || schema === null || seen.has(schema)) return [];
  seen.add(schema);
  if (Array.isArray(schema)) return schema.flatMap((item) => nestedRows(path, item, seen));
  const { properties, anyOf, items, additionalProperties } = schema as JsonSchema;
  return [
    ...Object.entries((properties ?? {}) as Record<string, JsonSchema>).flatMap(([name, value]) => [
      nestedRow(`${path}:${name}`, String(value['description'] ?? '')),
      ...nestedRows(`${path}:${name}`, value, seen),
    ]),
    ...[anyOf, items, additionalProperties].flatMap((part) => nestedRows(path, part, seen)),
  ];
}

function nestedRow(path: string, description: string): string {
  for (const support of ['later', 'server'] as const) {
    const start = `${supportNotes[support]}: `;
    if (description.startsWith(start)) return row(path, states[support], description.slice(start.length));
  }
  return row(path, states.full, description);
}

const row = (path: string, state: string, summary: string): string =>
  `| \`${path}\` | ${state} | ${(summary.charAt(0).toUpperCase() + summary.slice(1)).replaceAll('|', '\\|')} |`;
