const pageSize = 100;

interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/**
 * The newest `limit` runs that fit, page by page; of several repositories (the names of one) together.
 * `more`: there are others.
 */
export async function listAll<T extends { readonly createdAt: string }>(
  repositories: readonly string[],
  filter: object,
  limit: number,
  fetch: (query: object) => Promise<Page<T>>,
): Promise<{ readonly items: readonly T[]; readonly more: boolean }> {
  const queries = repositories.length === 0 ? [filter] : repositories.map((repository) => ({ ...filter, repository }));
  const lists = await Promise.all(queries.map((query) => listOne(query, limit, fetch)));
  const items = lists.flatMap((list) => list.items);
  if (lists.length > 1) items.sort((left, right) => (left.createdAt < right.createdAt ? 1 : -1));
  return { items: items.slice(0, limit), more: items.length > limit || lists.some((list) => list.more) };
}

async function listOne<T>(
  query: object,
  limit: number,
  fetch: (query: object) => Promise<Page<T>>,
): Promise<{ readonly items: readonly T[]; readonly more: boolean }> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<T> = await fetch({
      ...query,
      limit: Math.min(pageSize, limit - items.length),
      ...(cursor === null ? {} : { cursor }),
    });
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null && items.length < limit);
  return { items, more: cursor !== null };
}
