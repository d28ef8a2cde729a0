import type { ListedItem } from "../../../contract/kind.js";

/** Parameters of one search. */
export type Query = Readonly<Record<string, string>>;

export interface Page {
  /** Results there are in all, whether or not they can be reached. */
  readonly total: number;
  readonly items: readonly ListedItem[];
  /** No page comes after it. */
  readonly last: boolean;
}

/** A searchable catalogue that shows only the first results of each query. */
export interface Catalogue {
  /** Results of one query that its pages reach. */
  readonly reach: number;
  /** Parameters by which a query can be split, with their values. */
  readonly parts: Readonly<Record<string, readonly string[]>>;
  page(query: Query, page: number): Promise<Page>;
}

/**
 * The results of a query, page by page. Where there are more than the pages reach, the same query follows for each value of the
 * next parameter to split by: what it reaches anew lies beyond the first results.
 */
async function* search(
  catalogue: Catalogue,
  query: Query,
  split: readonly string[],
): AsyncGenerator<ListedItem> {
  let total = 0;
  for (let page = 1, last = false; !last; page++) {
    const answer = await catalogue.page(query, page);
    yield* answer.items;
    ({ total } = answer);
    ({ last } = answer);
  }
  const [by, ...rest] = split.filter((name) => query[name] === undefined);
  if (by === undefined || total <= catalogue.reach) return;
  for (const value of catalogue.parts[by] ?? []) yield* search(catalogue, { ...query, [by]: value }, rest);
}

/** The first items of several searches, each item once. Refused ones do not count. */
export async function* firstOf(items: AsyncIterable<ListedItem>, limit: number): AsyncGenerator<ListedItem> {
  const seen = new Set<string>();
  let taken = 0;
  for await (const item of items) {
    if (seen.has(item.id)) continue;
    seen.add(item.id);
    yield item;
    if (!item.refused) taken += 1;
    if (taken >= limit) return;
  }
}

/** The results of several searches that share their parameters, one after the other. */
export async function* searchAll(
  catalogue: Catalogue,
  queries: readonly string[],
  shared: Query,
  split: readonly string[],
): AsyncGenerator<ListedItem> {
  for (const q of queries) yield* search(catalogue, { q, ...shared }, split);
}
