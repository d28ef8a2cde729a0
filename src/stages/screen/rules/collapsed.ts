import type { Screening } from "./rule.js";

/** Drops the images whose tag set is the most common one, when that covers more than `max_share` of the images. */
export async function collapsedSets({ duck, params }: Screening): Promise<void> {
  const { enabled, max_share, min_score, min_images } = params.collapsed;
  if (!enabled) return;
  const tags = `list_sort(list_transform(list_filter(labels, x -> x.score >= ${min_score}), x -> x.tag))`;
  // A set is known by a digest of 16 bytes, made before the join so that no join holds lists. Images without a tag
  // are the business of few_tags.
  await duck.run(`CREATE TABLE tag_set AS
    SELECT id, digest FROM (
      SELECT id, CASE WHEN len(tags) > 0 THEN md5_number(to_json(tags)::VARCHAR) END AS digest
      FROM (SELECT id, ${tags} AS tags FROM current)) SEMI JOIN kept USING (id)`);
  const total = await duck.value<number>("SELECT count(*) FROM kept");
  const [mode] = await duck.all(
    "SELECT count(*) AS n, min(id) AS id FROM tag_set WHERE digest IS NOT NULL GROUP BY digest ORDER BY n DESC, id LIMIT 1",
  );
  if (!mode || Number(mode.n) < min_images || Number(mode.n) <= max_share * total) return;
  await duck.run(
    `INSERT INTO dropped
     SELECT id, 'collapsed', 'tag set of ${mode.n} images: ' ||
       (SELECT array_to_string(${tags}, ', ') FROM current WHERE id = $id)
     FROM tag_set WHERE digest = (SELECT digest FROM tag_set WHERE id = $id)`,
    { id: String(mode.id) },
  );
}
