import { createHash } from 'node:crypto';

const longestSlug = 60;

/** A text as a file name: only letters, digits, `_` and `-`, never empty, never long. Different texts may get the same. */
export function slug(text: string): string {
  const cleaned = text
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9_]+/g, '-')
    .slice(0, longestSlug)
    .replace(/^-+|-+$/g, '');
  return cleaned === '' ? 'x' : cleaned;
}

/** The first eight hex digits of the hash of a text. */
export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}

/**
 * A file name for every job, the same in every run of the same jobs: its slug, and a hash behind it where two jobs
 * would share one (also on a disk that does not tell upper from lower case).
 */
export function jobFileNames(jobs: Iterable<string>): ReadonlyMap<string, string> {
  const bySlug = Map.groupBy(new Set(jobs), (job) => slug(job).toLowerCase());
  const names = new Map<string, string>();
  const taken = new Set(bySlug.keys());
  for (const sharing of bySlug.values()) {
    // A job whose name is the slug keeps it; the others of the group get a hash.
    const owner = sharing.find((job) => job === slug(job)) ?? sharing[0];
    for (const job of sharing) {
      names.set(job, job === owner ? slug(job) : firstFree(job, taken));
    }
  }
  return names;
}

function firstFree(job: string, taken: Set<string>): string {
  for (let salt = ''; ; salt += '\0') {
    const name = `${slug(job)}-${shortHash(job + salt)}`;
    if (taken.has(name.toLowerCase())) continue;
    taken.add(name.toLowerCase());
    return name;
  }
}
