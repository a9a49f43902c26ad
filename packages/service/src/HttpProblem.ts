import type { Result } from '@xx-pipeline/common';
import { type Problem, type ProblemDetails, problem } from '@xx-pipeline/common/api';

/** Thrown by handlers to answer with an error: its problem document. */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem';
  readonly document: Problem;

  constructor(document: Problem);
  constructor(code: Problem['code'], detail: string, more?: ProblemDetails);
  constructor(given: Problem | Problem['code'], detail = '', more: ProblemDetails = {}) {
    const document = typeof given === 'string' ? problem(given, detail, more) : given;
    super(document.detail ?? document.title);
    this.document = document;
  }

  /** The value of a result; its problem is thrown. */
  static orThrow<T>(result: Result<T, Problem>): T {
    if (result.ok) return result.value;
    throw new HttpProblem(result.error);
  }
}
