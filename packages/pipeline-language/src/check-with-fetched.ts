import { type CheckInput, type CheckResult, checkPipeline } from './check-pipeline.ts';
import { type FetchedFiles, type FileRef, fileName } from './source/FileRef.ts';
import { limits } from './source/limits.ts';

/** Fetches files of other origins. A file that is not in the answer does not exist. Rejects when fetching itself fails. */
export type FetchFiles = (missing: readonly FileRef[]) => Promise<FetchedFiles>;

/**
 * Checks a pipeline whose files may be elsewhere: `checkPipeline`, which is pure, names the files that it misses, they are
 * fetched, and it runs again, until none is missing.
 */
export async function checkWithFetched(input: Omit<CheckInput, 'fetched'>, fetch: FetchFiles): Promise<CheckResult> {
  const fetched = new Map<string, string | null>();
  // Every round fetches a level of includes; their number is limited anyway.
  for (let round = 0; ; round++) {
    const result = checkPipeline({ ...input, fetched });
    if (result.missing.length === 0 || round > limits.includes) return result;
    const found = await fetch(result.missing);
    for (const ref of result.missing) fetched.set(fileName(ref), found.get(fileName(ref)) ?? null);
  }
}
