import { statSync } from "node:fs";
import { join } from "node:path";
import { listPacks, packIndex } from "../../core/blobs.js";
import { type Duck, sqlString } from "../../core/duck.js";
import type { Sha256 } from "../../core/hash.js";
import { packsFolder } from "../../core/layout.js";
import { LineFile } from "../../core/line-file.js";
import { RECORD_HEADER_BYTES } from "../../core/packs.js";
import { blobQueries } from "./marks.js";
import { isCode, remove } from "./paths.js";
import type { Store } from "./store.js";
import type { Tree } from "./trees.js";

/** Blobs that exactly these artifacts refer to; none: only the item cache does. */
export interface BlobSet {
  readonly trees: readonly Sha256[];
  readonly blobs: number;
  readonly bytes: number;
}

export interface BlobSets {
  /** All blobs, in files of their own and in packs. One that stands in several places counts with all of them. */
  readonly bytes: number;
  readonly sets: readonly BlobSet[];
}

/** The item cache among the things that refer to blobs. */
const CACHE = 0;

/**
 * Sorts the store's blobs by who refers to them. DuckDB joins, so that a million blobs cost no object each here. Blobs
 * with the same referrers become one set: however many blobs and runs there are, the sets are few.
 */
export class BlobLedger {
  private readonly list: LineFile;
  private readonly listPath: string;

  constructor(
    private readonly duck: Duck,
    private readonly scratch: string,
  ) {
    this.listPath = join(scratch, "blobs.txt");
    this.list = new LineFile(this.listPath);
  }

  /** A blob that takes so many bytes in one place. */
  add(hash: string, bytes: number, cached: boolean): void {
    this.list.add(`${hash}\t${bytes}\t${cached ? 1 : 0}`);
  }

  /** Notes the blobs of all packs, and what the item cache refers to. */
  addPacksAndCache(store: Store): void {
    const cached = new Set<string>();
    for (const space of store.items.spaces()) {
      const segments = store.items.folder(space);
      const replaced = segments.replaced();
      for (const name of segments.names()) {
        if (replaced.has(name)) continue;
        cached.add(name);
        // Its bytes were noted with the file.
        for (const { hash } of segments.loose(name)) this.add(hash, 0, true);
      }
    }
    const folder = packsFolder(store.root);
    for (const name of listPacks(store.root)) {
      for (const { hash, length } of recordsOf(folder, name)) {
        this.add(hash.toString("hex"), length + RECORD_HEADER_BYTES, cached.has(name));
      }
    }
  }

  /** Joins what was noted with what the artifacts name. */
  async sets(store: Store, trees: readonly Tree[]): Promise<BlobSets> {
    const { duck } = this;
    this.list.close();
    await duck.run(
      `CREATE TEMP TABLE blobs AS SELECT row_number() OVER () AS id, hash, sum(bytes)::BIGINT AS bytes, bool_or(cached = 1) AS cached
       FROM ${csv(this.listPath, "hash: 'VARCHAR', bytes: 'BIGINT', cached: 'INTEGER'")} GROUP BY hash`,
    );
    remove(this.listPath);
    await duck.run("CREATE TEMP TABLE refs (source INTEGER, blob BIGINT)");
    await duck.run(`INSERT INTO refs SELECT ${CACHE}, id FROM blobs WHERE cached`);
    const sources = await this.addReferences(store, trees);
    // Each source adds its hash to the sum once, so equal sums are equal sets.
    await duck.run(
      `CREATE TEMP TABLE sets AS SELECT min(blob) AS sample, count(*) AS blobs, sum(bytes)::BIGINT AS bytes
       FROM (SELECT blob, sum(hash(source)::HUGEINT) AS sign FROM refs GROUP BY blob) JOIN blobs ON id = blob
       GROUP BY sign`,
    );
    const rows = await duck.all(
      `SELECT any_value(s.blobs) AS blobs, any_value(s.bytes) AS bytes, list(source ORDER BY source) AS sources
       FROM refs JOIN sets s ON sample = blob GROUP BY blob ORDER BY blob`,
    );
    const sets = rows.map(({ blobs, bytes, sources: numbers }) => {
      const found = (numbers as number[]).flatMap((number) => sources.get(number) ?? []);
      return { trees: [...new Set(found)], blobs: Number(blobs), bytes: Number(bytes) };
    });
    return { bytes: await duck.value<number>("SELECT coalesce(sum(bytes), 0)::BIGINT FROM blobs"), sets };
  }

  /** Files of artifacts, and what their tables name; a table that several artifacts hold is read once. */
  private async addReferences(
    store: Store,
    trees: readonly Tree[],
  ): Promise<ReadonlyMap<number, readonly Sha256[]>> {
    const sources = new Map<number, Sha256[]>();
    const tables = new Map<Sha256, { readonly number: number; readonly tree: Tree }>();
    const path = join(this.scratch, "files.txt");
    const files = new LineFile(path);
    let next = CACHE + 1;
    for (const tree of trees) {
      const number = next++;
      sources.set(number, [tree.hash]);
      for (const blob of new Set(Object.values(tree.entries).map((entry) => entry.blob)))
        files.add(`${number}\t${blob}`);
      for (const [name, entry] of Object.entries(tree.entries)) {
        if (!entry.table?.blobColumns?.length) continue;
        const known = tables.get(entry.blob);
        if (known) sources.get(known.number)?.push(tree.hash);
        else {
          tables.set(entry.blob, { number: next, tree: { ...tree, entries: { [name]: entry } } });
          sources.set(next++, [tree.hash]);
        }
      }
    }
    files.close();
    await this.duck.run(
      `INSERT INTO refs SELECT source, id FROM ${csv(path, "source: 'INTEGER', hash: 'VARCHAR'")} JOIN blobs USING (hash)`,
    );
    for (const { number, tree } of tables.values()) await this.addTable(store, number, tree);
    return sources;
  }

  private async addTable(store: Store, number: number, tree: Tree): Promise<void> {
    const queries = blobQueries(store, tree);
    if (queries.length === 0) {
      const artifact = tree.hash.slice(0, 12);
      store.notices.add(
        `a table of artifact ${artifact} is lost or damaged: what it named is not counted for it`,
      );
      return;
    }
    await this.duck.run(
      `INSERT INTO refs SELECT ${number}, id
       FROM (SELECT DISTINCT hash FROM (${queries.join(" UNION ALL ")})) JOIN blobs USING (hash)`,
    );
  }
}

function* recordsOf(
  folder: string,
  name: string,
): Generator<{ readonly hash: Buffer; readonly length: number }> {
  try {
    yield* packIndex(folder, name, statSync(join(folder, `${name}.pack`)).size).entries();
  } catch (error) {
    // Merged into another by a run meanwhile.
    if (!isCode(error, "ENOENT")) throw error;
  }
}

function csv(path: string, columns: string): string {
  return `read_csv(${sqlString(path)}, header = false, auto_detect = false, columns = {${columns}}, delim = '\t', quote = '', escape = '')`;
}
