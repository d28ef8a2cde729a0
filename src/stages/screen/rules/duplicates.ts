import type { Screening } from "./rule.js";

/** Keeps the smallest id among images of equal bytes. */
export async function exactDuplicates({ duck, params }: Screening): Promise<void> {
  if (!params.exact_duplicates.enabled) return;
  await duck.run(`INSERT INTO dropped
    SELECT i.n, 'exact_duplicates', 'same bytes as ', first.n
    FROM kept i JOIN (SELECT picture, min(n) AS n FROM kept GROUP BY picture HAVING count(*) > 1) first USING (picture)
    WHERE i.n <> first.n`);
}
