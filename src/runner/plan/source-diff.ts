import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parquet, sqlString } from "../../core/duck.js";
import { inAny } from "../../core/tables/rows.js";
import type { Result } from "../store/results.js";
import type { Store } from "../store/store.js";
import type { Listing } from "./listing.js";
import type { Reason } from "./plan.js";
import { differingUnits, unitRanges } from "./units.js";

/**
 * Says which items of a listing differ from the tables that its last result gave: counts, and up to three names.
 * A listed item's `input` is its content's hash, which the tables hold as `blob` (or as `input` among the failures).
 */
export async function explainSource(store: Store, listing: Listing, last: Result): Promise<Reason> {
  const units = differingUnits(last.preimage.identity, listing.identity);
  const which = units ? `WHERE ${inAny(unitRanges(units))}` : "";
  const tables = Object.entries(last.outputs).flatMap(([port, ref]) => {
    const entry = store.trees.get(ref.hash)?.entries[`${port}.parquet`];
    const input = port === "failures" ? "input" : "blob";
    const path = entry && parquet(store.blobs.path(entry.blob));
    return path ? [`SELECT id, ${input} AS input, source_url AS name FROM ${path} ${which}`] : [];
  });
  const folder = workFolder(store);
  const duck = await store.ducks.take(listing.count);
  try {
    const path = join(folder, "listing.jsonl");
    await listing.writeTo(path, units);
    await duck.run(`CREATE TABLE differing AS
      SELECT id, coalesce(was.name, id) AS name, is_now.input IS NULL AS gone, was.input IS NULL AS fresh
      FROM (${["SELECT NULL AS id, NULL AS input, NULL AS name WHERE false", ...tables].join(" UNION ALL ")}) was
      FULL JOIN read_json(${sqlString(path)}, format = 'newline_delimited',
        columns = {id: 'VARCHAR', input: 'VARCHAR'}) is_now USING (id)
      WHERE was.input IS DISTINCT FROM is_now.input`);
    const [counts] = await duck.all(`SELECT count(*) FILTER (NOT gone AND NOT fresh) AS changed,
      count(*) FILTER (fresh) AS added, count(*) FILTER (gone) AS removed FROM differing`);
    const examples = await duck.all("SELECT name FROM differing WHERE NOT fresh ORDER BY id LIMIT 3");
    return describe(
      listing.count,
      { changed: Number(counts?.changed), added: Number(counts?.added), removed: Number(counts?.removed) },
      examples.map(({ name }) => String(name)),
    );
  } finally {
    await store.ducks.give(duck);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A folder of this process alone; outside the store where that cannot be written. */
function workFolder(store: Store): string {
  const parent = store.readOnly ? tmpdir() : store.tasksDir();
  mkdirSync(parent, { recursive: true });
  return mkdtempSync(join(parent, "plan."));
}

function describe(
  files: number,
  counts: { readonly changed: number; readonly added: number; readonly removed: number },
  examples: readonly string[],
): Reason {
  const { changed, added, removed } = counts;
  const parts = Object.entries(counts).flatMap(([word, count]) => (count > 0 ? [`${count} ${word}`] : []));
  const such = examples.length > 0 ? ` (${examples.join(", ")}${changed + removed > 3 ? ", …" : ""})` : "";
  return {
    code: "source-changed",
    message: `of ${files} files in the source, ${parts.join(", ") || "the order or rights of some changed"}${such}`,
    detail: { changed, added, removed, examples: [...examples] },
  };
}
