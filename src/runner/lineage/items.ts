import { Duck, type DuckRow, parquet, sqlString } from "../../core/duck.js";
import type { Store } from "../store/store.js";
import type { LineageGraph } from "./walk.js";

/** A row in which an item was found. */
export interface ItemSighting {
  readonly stage: string;
  readonly kind: string;
  readonly artifact: string;
  readonly table: string;
  readonly row: DuckRow;
}

/** Columns by which an item may be named; `input` is the hash of one that was set aside. */
const NAMES = ["id", "blob", "source_url", "input"] as const;

/**
 * Finds an item by id, blob hash or source (relative path or URL) in every table of the store. The first look finds its
 * ids, the second all rows of those ids, so that a picture's hash leads to its labels and predictions.
 */
export async function findItem(
  store: Store,
  graph: LineageGraph,
  name: string,
): Promise<readonly ItemSighting[]> {
  const duck = await Duck.open({ scratch: store.taskDir("lineage") });
  try {
    const tables = await itemTables(duck, store, graph);
    const ids = new Set<string>();
    for (const table of tables) {
      const named = NAMES.filter((column) => table.columns.has(column));
      const where = named.map((column) => `${column} = ${sqlString(name)}`).join(" OR ");
      const found = await duck.all(`SELECT id FROM ${parquet(table.path)} WHERE ${where} LIMIT 100`);
      for (const row of found) ids.add(String(row.id));
    }
    if (ids.size === 0) return [];
    const list = [...ids].map(sqlString).join(", ");
    const sightings: ItemSighting[] = [];
    for (const { path, columns: _, ...where } of tables) {
      const rows = await duck.all(
        `SELECT * FROM ${parquet(path)} WHERE id IN (${list}) ORDER BY id LIMIT 100`,
      );
      sightings.push(...rows.map((row) => ({ ...where, row })));
    }
    return sightings;
  } finally {
    duck.close();
  }
}

interface ItemTable {
  readonly stage: string;
  readonly kind: string;
  readonly artifact: string;
  readonly table: string;
  readonly path: string;
  readonly columns: ReadonlySet<string>;
}

/** The tables of all artifacts that have a column `id`, in the order of their making. */
async function itemTables(duck: Duck, store: Store, graph: LineageGraph): Promise<ItemTable[]> {
  const tables: (ItemTable & { readonly createdAt: string })[] = [];
  for (const artifact of graph.artifacts()) {
    const maker = graph.makersOf(artifact)[0];
    for (const [table, entry] of Object.entries(store.trees.get(artifact)?.entries ?? {})) {
      if (!maker || !entry.table || !store.blobs.hasFile(entry.blob)) continue;
      const path = store.blobs.path(entry.blob);
      const described = await duck.all(`DESCRIBE SELECT * FROM ${parquet(path)}`);
      const columns = new Set(described.map((column) => String(column.column_name)));
      if (!columns.has("id")) continue;
      const { stage, preimage, createdAt } = maker;
      tables.push({ stage, kind: preimage.kind, artifact, table, path, columns, createdAt });
    }
  }
  return tables
    .sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1))
    .map(({ createdAt: _, ...table }) => table);
}
