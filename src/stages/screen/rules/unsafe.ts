import type { Screening } from "./rule.js";

/** What SafeSearch judges, and its likelihoods from the least on; UNKNOWN is no reason to drop an image. */
const CATEGORIES = ["adult", "spoof", "medical", "violence", "racy"] as const;
export const LIKELIHOODS = ["VERY_UNLIKELY", "UNLIKELY", "POSSIBLE", "LIKELY", "VERY_LIKELY"] as const;

/** Drops images that the teacher's SafeSearch found unsafe: as likely as the params say, or more, in any category. */
export async function unsafeImages({ duck, params, hasSafeSearch, note }: Screening): Promise<void> {
  const asked = CATEGORIES.filter((category) => params.unsafe[category] !== undefined);
  if (asked.length === 0) return;
  if (!hasSafeSearch) {
    note("unsafe images were not looked for: the labels carry no SafeSearch (the teacher was not asked)");
    return;
  }
  const reasons = asked.map((category) => {
    const enough = LIKELIHOODS.slice(LIKELIHOODS.indexOf(params.unsafe[category]!));
    const value = `safe_search.${category}`;
    return `CASE WHEN ${value} IN (${enough.map((name) => `'${name}'`).join(", ")}) THEN '${category} ' || ${value} END`;
  });
  await duck.run(`INSERT INTO dropped
    SELECT n, 'unsafe', reason, NULL
    FROM (SELECT n, concat_ws(', ', ${reasons.join(", ")}) AS reason FROM label) SEMI JOIN kept USING (n)
    WHERE reason <> ''`);
  const unknown = await duck.value<number>(
    "SELECT count(*) FROM label SEMI JOIN kept USING (n) WHERE safe_search IS NULL",
  );
  if (unknown > 0) note(`${unknown} images have no SafeSearch answer: they stay`);
}
