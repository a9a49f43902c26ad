/** How a job or pipeline ends, in the words of test/scenarios/README.md. */
export type ExpectedJob =
  | 'success'
  | 'failed'
  | 'warning'
  | 'skipped'
  | 'manual'
  | 'created'
  | 'canceled'
  | 'not_created';

/** What must come of a scenario, whatever runs it; see test/scenarios/README.md. */
export interface Expectation {
  readonly title: string;
  readonly valid: boolean;
  readonly lint_only?: boolean;
  readonly fails_at?: 'lint' | 'create';
  /** Our words for the reason: pieces of the messages. */
  readonly says?: readonly string[];
  readonly jobs?: Readonly<Record<string, ExpectedJob>>;
  readonly pipeline?: ExpectedJob;
  readonly log_contains?: Readonly<Record<string, readonly string[]>>;
  readonly log_lacks?: Readonly<Record<string, readonly string[]>>;
  readonly variables?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly reasons?: Readonly<Record<string, string>>;
  readonly exit_codes?: Readonly<Record<string, number>>;
  readonly attempts?: Readonly<Record<string, number>>;
  readonly artifacts?: Readonly<Record<string, number>>;
  readonly images?: Readonly<Record<string, string>>;
  readonly stages?: readonly string[];
  readonly ends_before?: readonly (readonly [string, string])[];
}
