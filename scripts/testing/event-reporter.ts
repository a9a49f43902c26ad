import type { TestEvent } from 'node:test/reporters';

/** Begins a line that is ours, among whatever tests print. */
export const eventMark = '\u001e';

/** What the test command wants to know of a finished test. */
export interface TestOutcome {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly nesting: number;
  readonly suite: boolean;
  readonly milliseconds: number;
  readonly result: 'passed' | 'failed' | 'skipped';
  readonly error: string | null;
}

/** A line that the reporter writes. */
export type ReporterLine =
  | { readonly type: 'started'; readonly name: string; readonly file: string }
  | { readonly type: 'finished'; readonly test: TestOutcome };

/** A reporter for `node --test` that tells the test command in scripts/test.ts what happens, one JSON text a line. */
export default async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of source) {
    const line = describe(event);
    if (line !== null) yield `\n${eventMark}${JSON.stringify(line)}\n`;
  }
}

function describe(event: TestEvent): ReporterLine | null {
  if (event.type === 'test:start') {
    return { type: 'started', name: event.data.name, file: event.data.file ?? '' };
  }
  if (event.type !== 'test:pass' && event.type !== 'test:fail') return null;
  const { data } = event;
  const unfinished = data.skip !== undefined || data.todo !== undefined;
  return {
    type: 'finished',
    test: {
      name: data.name,
      file: data.file ?? '',
      line: data.line ?? 0,
      nesting: data.nesting,
      // A test that failed only because one inside it did says nothing new.
      suite: data.details.type === 'suite' || (event.type === 'test:fail' && isEcho(event.data.details.error)),
      milliseconds: data.details.duration_ms,
      result: event.type === 'test:fail' ? 'failed' : unfinished ? 'skipped' : 'passed',
      error: event.type === 'test:fail' ? showError(event.data.details.error) : null,
    },
  };
}

function showError(error: Error): string {
  const cause: unknown = error.cause instanceof Error ? error.cause : error;
  // Both what failed and what then failed at the end of `await using`.
  return cause instanceof SuppressedError
    ? `${inspect(cause.suppressed)}\nand then\n${inspect(cause.error)}`
    : inspect(cause);
}

function inspect(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function isEcho(error: Error): boolean {
  return 'failureType' in error && error.failureType === 'subtestsFailed';
}
