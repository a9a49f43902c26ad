/** A failure of a database or a disk. */
export type StorageProblem = 'full' | 'unavailable' | 'newer' | 'busy';

/** The storage cannot do what was asked now; whatever was to be written is not there, not even in part. */
export class StorageError extends Error {
  readonly problem: StorageProblem;

  constructor(problem: StorageProblem, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'StorageError';
    this.problem = problem;
  }
}

const fullCodes = new Set(['ENOSPC', 'EDQUOT', '53100']);
const unavailableCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EPIPE',
  'EROFS',
  'EIO',
  'EACCES',
  '57P01',
  '57P02',
  '57P03',
  '53300',
  '25006',
]);
// https://www.sqlite.org/rescode.html, primary codes.
const sqliteProblems: ReadonlyMap<number, StorageProblem> = new Map([
  [5, 'busy'],
  [6, 'busy'],
  [8, 'unavailable'],
  [10, 'unavailable'],
  [11, 'unavailable'],
  [13, 'full'],
  [14, 'unavailable'],
  [26, 'unavailable'],
]);

/** Gives errors of disks and databases their meaning; anything else comes back as it is. */
export function storageErrorOf(error: unknown, what: string): unknown {
  if (!(error instanceof Error) || error instanceof StorageError) return error;
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  const problem = problemOf(code, errcode, error.message);
  return problem === null
    ? error
    : new StorageError(problem, `${what}: ${describe(problem)} (${error.message})`, error);
}

function problemOf(code: unknown, errcode: unknown, message: string): StorageProblem | null {
  if (typeof errcode === 'number') return sqliteProblems.get(errcode & 0xff) ?? null;
  if (typeof code === 'string' && fullCodes.has(code)) return 'full';
  if (typeof code === 'string' && unavailableCodes.has(code)) return 'unavailable';
  // The driver has no code for these.
  return /^Connection terminated|timeout exceeded when trying to connect/.test(message) ? 'unavailable' : null;
}

function describe(problem: StorageProblem): string {
  if (problem === 'full') return 'no space left';
  return problem === 'busy' ? 'another process holds it' : 'it cannot be used now';
}
