import type { Span } from './Span.ts';

/** `error` makes the file unusable, `warning` does not. */
export type Severity = 'error' | 'warning';

/** Another place that belongs to the problem: the first of two definitions, each edge of a cycle. */
export interface RelatedSpan {
  readonly span: Span;
  readonly message: string;
}

/** One problem found in a pipeline file: plain data, rendered for people only by `renderDiagnostics`. */
export interface Diagnostic {
  /** Stable code, `XX1001`; each has a page in `docs/diagnostics/`. Codes are never reused. */
  readonly code: string;
  readonly severity: Severity;
  /** One sentence, lower-case start, no full stop; says what is wrong in the user's words. */
  readonly message: string;
  /** Where; absent only when no file can be named. */
  readonly span?: Span;
  readonly related?: readonly RelatedSpan[];
  /** What to do about it, did-you-mean included. */
  readonly help?: string;
  /** How the file came to be read, outermost include first; empty or absent for the root file. */
  readonly includedFrom?: readonly Span[];
}
