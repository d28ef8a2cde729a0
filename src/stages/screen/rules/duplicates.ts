import type { Screening } from "./rule.js";

/** Keeps the smallest id among images of equal bytes; where that is switched off, they are still one group. */
export async function exactDuplicates({ duck, params }: Screening): Promise<void> {
  const copies = `FROM image i JOIN (
      SELECT blob, min(n) AS n, min(id) AS id FROM image GROUP BY blob HAVING count(*) > 1) first
    ON first.blob = i.blob WHERE i.n <> first.n`;
  await duck.run(
    params.exact_duplicates.enabled
      ? `INSERT INTO dropped SELECT i.id, 'exact_duplicates', 'same bytes as ' || first.id ${copies}`
      : `INSERT INTO pair SELECT first.n, i.n ${copies}`,
  );
}
