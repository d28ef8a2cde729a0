import { statSync } from "node:fs";
import { join } from "node:path";
import { goneBlobs, listPacks, packIndex } from "../../core/blobs.js";
import { type Duck, sqlString } from "../../core/duck.js";
import { packsFolder } from "../../core/layout.js";
import { LineFile } from "../../core/line-file.js";
import { looseBlobs } from "./loose.js";
import { blobQueries } from "./marks.js";
import { remove } from "./paths.js";
import type { Problem } from "./problem.js";
import type { Result } from "./results.js";
import type { Store } from "./store.js";

/** Whether all blobs that rows of artifacts name are in the store: one set operation per table. */
export async function* verifyTables(
  store: Store,
  duck: Duck,
  scratch: string,
  fix: boolean,
): AsyncGenerator<Problem> {
  const makers = new Map<string, Result[]>();
  for (const result of store.results.list()) {
    for (const { hash } of Object.values(result.outputs))
      makers.set(hash, [...(makers.get(hash) ?? []), result]);
  }
  let listed = false;
  for (const [hash, results] of makers) {
    const tree = store.trees.get(hash);
    const queries = tree ? blobQueries(store, tree) : [];
    if (queries.length === 0) continue;
    if (!listed) await listPresent(store, duck, scratch);
    listed = true;
    const missing = `SELECT DISTINCT hash FROM (${queries.join(" UNION ALL ")}) WHERE hash IS NOT NULL
      AND hash NOT IN (SELECT hash FROM present)`;
    const count = await countRows(duck, missing);
    if (count === 0) continue;
    const path = store.trees.path(hash);
    if (fix) for (const { fingerprint } of results) store.results.drop(fingerprint);
    const what =
      count === undefined
        ? "has a table that cannot be read"
        : `names ${count} blobs that the store has lost`;
    yield { what: "result", path, message: `the output of ${results[0]?.stage} ${what}`, fixed: fix };
  }
}

/** @returns undefined where the table cannot be read */
async function countRows(duck: Duck, query: string): Promise<number | undefined> {
  try {
    return await duck.value<number>(`SELECT count(*) FROM (${query})`);
  } catch {
    return undefined;
  }
}

/** Puts the names of all blobs of the store into a table. */
async function listPresent(store: Store, duck: Duck, scratch: string): Promise<void> {
  const path = join(scratch, "present.txt");
  const list = new LineFile(path);
  for (const { hash } of looseBlobs(store.root)) list.add(hash);
  const folder = packsFolder(store.root);
  for (const name of listPacks(store.root)) {
    const gone = goneBlobs(folder, name);
    const { size } = statSync(join(folder, `${name}.pack`));
    for (const entry of packIndex(folder, name, size).entries()) {
      const hash = entry.hash.toString("hex");
      if (!gone.has(hash)) list.add(hash);
    }
  }
  list.close();
  await duck.run(
    `CREATE OR REPLACE TEMP TABLE present AS SELECT hash FROM read_csv(${sqlString(path)}, header = false,
       auto_detect = false, columns = {hash: 'VARCHAR'}, delim = '\t', quote = '', escape = '')`,
  );
  remove(path);
}
