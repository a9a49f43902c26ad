import type { Span } from '@xx-pipeline/common';
import { plainSpan } from '../diagnostics/DiagnosticSink.ts';
import { keyword } from './Keyword.ts';
import { readTexts, textListSchema } from './kinds.ts';

/** One entry of `dependencies`. */
export interface Dependency {
  readonly job: string;
  readonly span: Span;
}

/** The jobs whose artifacts are fetched. */
export const dependencies = keyword<readonly Dependency[]>({
  name: 'dependencies',
  summary: 'Jobs whose artifacts are downloaded; by default all jobs of earlier stages',
  schema: textListSchema,
  read: (node, reader) =>
    readTexts(node, reader, 'dependencies')?.map((item) => ({ job: item.text, span: plainSpan(item) })),
});
