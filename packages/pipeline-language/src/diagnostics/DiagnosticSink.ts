import type { Diagnostic, RelatedSpan, Span } from '@xx-pipeline/common';
import type { DiagnosticCode } from './codes.ts';

/** What a finder of a problem says about it; the code brings the severity. */
export interface Problem {
  readonly message: string;
  readonly span?: Span | undefined;
  readonly related?: readonly RelatedSpan[];
  readonly help?: string | undefined;
  /** Errors found later at this very place are consequences of this one, and are dropped. */
  readonly settles?: boolean;
}

/** Collects problems while checking goes on. The same problem at the same place is kept once. */
export class DiagnosticSink {
  readonly #found = new Map<string, Diagnostic>();
  readonly #settled = new Set<string>();
  readonly #expected = new Set<DiagnosticCode>();
  #errors = 0;

  /** Adds a problem, unless it is known already. */
  report(kind: DiagnosticCode, problem: Problem): void {
    const place = problem.span === undefined ? null : plainSpan(problem.span);
    const at = place === null ? '' : placeKey(place);
    const identity = `${at}\0${kind.code}\0${problem.message}`;
    if (this.#found.has(identity) || this.#expected.has(kind) || this.#settled.has(at)) return;
    if (problem.settles) this.#settled.add(at);
    if (kind.severity === 'error') this.#errors++;
    this.#found.set(identity, {
      code: kind.code,
      severity: kind.severity,
      message: problem.message,
      ...(place && { span: place }),
      ...(problem.related?.length && {
        related: problem.related.map((other) => ({ span: plainSpan(other.span), message: other.message })),
      }),
      ...(problem.help !== undefined && { help: problem.help }),
    });
  }

  /** From now on, problems at exactly this place are consequences of what has been reported, and are dropped. */
  settle(span: Span): void {
    this.#settled.add(placeKey(span));
  }

  /** From now on, problems of these kinds are consequences of what has been reported, and are dropped. */
  expect(kinds: readonly DiagnosticCode[]): void {
    for (const kind of kinds) this.#expected.add(kind);
  }

  /** Whether something was found that makes the file unusable. */
  get hasErrors(): boolean {
    return this.#errors > 0;
  }

  /** All problems in the order of the files as they were read, then of their places. */
  sorted(includeChains: ReadonlyMap<string, readonly Span[]>): Diagnostic[] {
    const fileOrder = new Map([...includeChains.keys()].map((file, index) => [file, index]));
    const rank = (found: Diagnostic) => (found.span ? (fileOrder.get(found.span.file) ?? fileOrder.size) : -1);
    return [...this.#found.values()]
      .map((found) => {
        const chain = found.span && includeChains.get(found.span.file);
        return chain?.length ? { ...found, includedFrom: chain } : found;
      })
      .sort((a, b) => rank(a) - rank(b) || (a.span?.start ?? 0) - (b.span?.start ?? 0));
  }
}

const placeKey = (span: Span): string => `${span.file}\0${span.start}`;

/** Just the range, without whatever else the object carries. */
export const plainSpan = (span: Span): Span => ({ file: span.file, start: span.start, end: span.end });
