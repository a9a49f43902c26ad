import type { Problem } from '../schemas/Problem.ts';

/** The server answered with an error: `problem.code` says which, `status` is that of HTTP. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly status: number;
  readonly problem: Problem;

  constructor(operation: string, problem: Problem) {
    const fields = problem.errors?.map(({ pointer, message }) => `${pointer || '/'}: ${message}`) ?? [];
    super([`${operation}: ${problem.detail ?? problem.title}`, ...fields].join('; '));
    this.status = problem.status;
    this.problem = problem;
  }
}

/** No answer came: no connection, broken on the way, too slow. The request may or may not have been carried out. */
export class ApiUnreachable extends Error {
  override readonly name = 'ApiUnreachable';
}

/** An answer came that no server of this API gives: a proxy's page, another version. */
export class ApiMismatch extends Error {
  override readonly name = 'ApiMismatch';
}
