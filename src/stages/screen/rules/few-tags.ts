import type { Screening } from "./rule.js";

/** Drops images with fewer than `min_tags` tags of at least `min_score`. */
export async function fewTags({ duck, params }: Screening): Promise<void> {
  const { enabled, min_tags, min_score } = params.few_tags;
  if (!enabled) return;
  await duck.run(`INSERT INTO dropped
    SELECT id, 'few_tags', printf('%d tags with a score of %.4g or more', n, ${min_score}::DOUBLE)
    FROM (SELECT id, len(list_filter(labels, x -> x.score >= ${min_score})) AS n FROM current)
    SEMI JOIN kept USING (id) WHERE n < ${min_tags}`);
}
