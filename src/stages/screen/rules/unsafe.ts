import type { Params } from "../schema.js";
import type { Screening } from "./rule.js";

/** What SafeSearch judges, and its likelihoods from the least on; UNKNOWN is no reason to drop an image. */
const CATEGORIES = ["adult", "spoof", "medical", "violence", "racy"] as const;
export const LIKELIHOODS = ["VERY_UNLIKELY", "UNLIKELY", "POSSIBLE", "LIKELY", "VERY_LIKELY"] as const;

const asked = (params: Params) => CATEGORIES.filter((category) => params.unsafe[category] !== undefined);

/** Why SafeSearch's answer makes an image unsafe, in SQL: '' where it does not, NULL where there is no answer. */
export function unsafeReason(params: Params): string {
  const reasons = asked(params).map((category) => {
    const enough = LIKELIHOODS.slice(LIKELIHOODS.indexOf(params.unsafe[category]!));
    const value = `safe_search.${category}`;
    return `CASE WHEN ${value} IN (${enough.map((name) => `'${name}'`).join(", ")}) THEN '${category} ' || ${value} END`;
  });
  if (reasons.length === 0) return "NULL::VARCHAR";
  return `CASE WHEN safe_search IS NOT NULL THEN concat_ws(', ', ${reasons.join(", ")}) END`;
}

/** Drops images that the teacher's SafeSearch found unsafe: as likely as the params say, or more, in any category. */
export async function unsafeImages({ duck, params, hasSafeSearch, note }: Screening): Promise<void> {
  if (asked(params).length === 0) return;
  if (!hasSafeSearch) {
    note("unsafe images were not looked for: the labels carry no SafeSearch (the teacher was not asked)");
    return;
  }
  await duck.run("INSERT INTO dropped SELECT n, 'unsafe', unsafe, NULL FROM kept WHERE unsafe <> ''");
  const unknown = await duck.value<number>("SELECT count(*) FROM kept WHERE unsafe IS NULL");
  if (unknown > 0) note(`${unknown} images have no SafeSearch answer: they stay`);
}
