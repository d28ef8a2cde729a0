import { Duck, parquet } from "../../core/duck.js";
import type { Store } from "../store/store.js";
import type { Listing } from "./listing.js";
import type { ArtifactRef, Reason } from "./plan.js";

/**
 * Says which items of a listing differ from the tables that its last result gave: counts, and up to three names.
 * A listed item's `input` is its content's hash, which the tables hold as `blob` (or as `input` among the failures).
 */
export async function explainSource(
  store: Store,
  listing: Listing,
  outputs: Readonly<Record<string, ArtifactRef>>,
): Promise<Reason> {
  const now = new Map(listing.entries());
  const examples: string[] = [];
  let [changed, removed, seen] = [0, 0, 0];
  const duck = await Duck.open({ scratch: store.taskDir("plan") });
  try {
    for (const [port, ref] of Object.entries(outputs)) {
      const entry = store.trees.get(ref.hash)?.entries[`${port}.parquet`];
      if (!entry) continue;
      const input = port === "failures" ? "input" : "blob";
      const rows = duck.stream(
        `SELECT id, ${input} AS input, source_url AS name FROM ${parquet(store.blobs.path(entry.blob))}`,
      );
      for await (const chunk of rows) {
        for (const { id, input: was, name } of chunk) {
          const is = now.get(String(id));
          if (is !== undefined) seen += 1;
          if (is === was) continue;
          if (is === undefined) removed += 1;
          else changed += 1;
          if (examples.length < 3) examples.push(String(name ?? id));
        }
      }
    }
  } finally {
    duck.close();
  }
  const added = now.size - seen;
  const counts = [
    [changed, "changed"],
    [added, "added"],
    [removed, "removed"],
  ] as const;
  const parts = counts.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`);
  const such = examples.length > 0 ? ` (${examples.join(", ")}${changed + removed > 3 ? ", …" : ""})` : "";
  return {
    code: "source-changed",
    message: `of ${now.size} files in the source, ${parts.join(", ") || "the order or rights of some changed"}${such}`,
    detail: { changed, added, removed, examples },
  };
}
