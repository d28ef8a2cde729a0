import { checkFile } from "../../core/blobs.js";
import { Duck, type DuckRow, parquet, sqlName, sqlString } from "../../core/duck.js";
import { StageError } from "../../core/errors.js";
import { licenseName, readLicense } from "../../core/licenses.js";
import type { Store } from "../store/store.js";
import type { Tree } from "../store/trees.js";
import { LineageGraph } from "./walk.js";

/**
 * What is told of each image, in this order. `license` is the source's own word, `license_name` the common name (cc-by-4.0,
 * pixabay …), `picture` the sha256 of the original.
 */
export const RIGHTS_COLUMNS = [
  "id",
  "source_url",
  "page_url",
  "author",
  "license",
  "license_name",
  "license_url",
  "attribution",
  "opt_outs",
  "picture",
] as const;

/** Columns of a crawl's table; those that an older one lacks are NULL. */
const TOLD = ["source_url", "page_url", "author", "license", "license_url", "attribution", "opt_outs"];

/** Credits of a million images are sorted and grouped: that takes room, and what does not fit is spilled. */
const MEMORY_MIB = 1024;

export interface LicenseCount {
  /** cc-by-4.0, pixabay …; null where no licence is told. */
  readonly license: string | null;
  readonly images: number;
}

/**
 * The sources of the images in an artifact, from the tables themselves: the ids of its own table, or of the data set
 * it was made of, joined with the tables of the crawls that the lineage leads back to.
 */
export class Rights {
  private constructor(
    private readonly duck: Duck,
    /** Only images of that side of the split count: a model holds nothing of what was held out. */
    readonly split: "train" | undefined,
  ) {}

  /**
   * Opens the rights of an artifact.
   *
   * @param scratch a folder for what DuckDB spills
   * @throws StageError for an artifact that holds no images and was made of none, or a table that is lost
   */
  static async open(store: Store, artifact: Tree, scratch: string): Promise<Rights> {
    const graph = new LineageGraph(store);
    const duck = await Duck.open({ scratch, memoryMiB: MEMORY_MIB });
    try {
      const { tables, own } = await idTables(duck, store, graph, artifact);
      const split = !own && tables.some(({ columns }) => columns.has("split")) ? "train" : undefined;
      await duck.run("CREATE TABLE held (id VARCHAR)");
      for (const { path, columns } of tables) {
        const side = split && columns.has("split") ? `WHERE split = '${split}'` : "";
        await duck.run(`INSERT INTO held SELECT id FROM ${parquet(path)} ANTI JOIN held USING (id) ${side}`);
      }
      await joinSources(duck, store, graph, artifact);
      return new Rights(duck, split);
    } catch (error) {
      duck.close();
      throw error;
    }
  }

  /** Images, and how many of them are in no crawl's table. */
  async counts(): Promise<{ readonly images: number; readonly untraced: number }> {
    const images = await this.duck.value<number>("SELECT count(*) FROM held");
    const traced = await this.duck.value<number>("SELECT count(*) FROM source");
    return { images, untraced: images - traced };
  }

  /** Images by licence, however a source writes it; most frequent first. */
  async licenses(): Promise<readonly LicenseCount[]> {
    const rows = await this.duck.all(
      `SELECT license_name AS license, count(*) AS images FROM source GROUP BY ALL
       ORDER BY images DESC, license`,
    );
    return rows.map(({ license, images }) => ({
      license: license as string | null,
      images: Number(images),
    }));
  }

  /** Every image with RIGHTS_COLUMNS, by id. */
  rows(): AsyncGenerator<DuckRow[]> {
    return this.duck.stream(`SELECT ${RIGHTS_COLUMNS.join(", ")} FROM source ORDER BY id`);
  }

  /**
   * The works behind the images, by licence, with how many images came of each: images of which the same is told are one.
   */
  works(): AsyncGenerator<DuckRow[]> {
    return this.duck.stream(
      `SELECT license_name, license, license_url, attribution, author, page_url, source_url, count(*) AS images
       FROM source GROUP BY ALL ORDER BY ALL`,
    );
  }

  /** Writes the images as a Parquet table. */
  async saveTo(path: string): Promise<void> {
    await this.duck.run(
      `COPY (SELECT ${RIGHTS_COLUMNS.join(", ")} FROM source ORDER BY id)
       TO ${sqlString(path)} (FORMAT parquet)`,
    );
  }

  close(): void {
    this.duck.close();
  }
}

interface IdTable {
  readonly path: string;
  readonly columns: ReadonlySet<string>;
}

/** The artifact's own table of ids; where it has none (a model), those of the nearest artifacts it was made of. */
async function idTables(
  duck: Duck,
  store: Store,
  graph: LineageGraph,
  artifact: Tree,
): Promise<{ readonly tables: readonly IdTable[]; readonly own: boolean }> {
  const seen = new Set<string>();
  const found: IdTable[] = [];
  let wave: readonly Tree[] = [artifact];
  for (let depth = 0; wave.length > 0; depth++) {
    const next: Tree[] = [];
    for (const tree of wave) {
      if (seen.has(tree.hash)) continue;
      seen.add(tree.hash);
      const table = await idTable(duck, store, tree);
      if (table) found.push(table);
      else next.push(...inputsOf(store, graph, tree));
    }
    if (depth === 0 && found.length > 0) return { tables: found, own: true };
    wave = next;
  }
  if (found.length > 0) return { tables: found, own: false };
  throw new StageError(`the artifact ${artifact.hash.slice(0, 12)} holds no images, and was made of none`, {
    class: "no-images",
    hint: "ask for a model, a data set, or a table of images or labels",
  });
}

async function idTable(duck: Duck, store: Store, tree: Tree): Promise<IdTable | undefined> {
  for (const [name, entry] of Object.entries(tree.entries)) {
    if (!entry.table) continue;
    const path = store.blobs.path(entry.blob);
    checkFile(path, entry.blob, `${name} of the artifact ${tree.hash.slice(0, 12)}`);
    const columns = new Set(await duck.columns(parquet(path)));
    if (columns.has("id")) return { path, columns };
  }
  return undefined;
}

function inputsOf(store: Store, graph: LineageGraph, tree: Tree): Tree[] {
  const makers = graph.makersOf(tree.hash);
  return makers.flatMap(({ preimage }) =>
    Object.values(preimage.inputs as Readonly<Record<string, string>>).flatMap(
      (hash) => store.trees.get(hash) ?? [],
    ),
  );
}

/**
 * The view `source`: a row for each image that a crawl gave, with the licence's common name; of several crawls that gave it,
 * the first. Crawls are the stages on the way that take no input and whose first output tells `source_url`s. The tables
 * are read where they stand: a million addresses and credits are not copied.
 */
async function joinSources(duck: Duck, store: Store, graph: LineageGraph, artifact: Tree): Promise<void> {
  const parts = [
    `SELECT ${["id", ...TOLD, "picture"].map((name) => `NULL::VARCHAR AS ${name}`).join(", ")} WHERE false`,
  ];
  const seen = new Set<string>();
  for (const step of graph.up(graph.makersOf(artifact.hash))) {
    const [first] = Object.values(step.outputs);
    if (Object.keys(step.inputs).length > 0 || !first || seen.has(first.hash)) continue;
    const tree = store.trees.get(first.hash);
    const table = tree && (await idTable(duck, store, tree));
    if (!table?.columns.has("source_url")) continue;
    const told = TOLD.map((name) => (table.columns.has(name) ? sqlName(name) : `NULL::VARCHAR AS ${name}`));
    const picture = table.columns.has("blob") ? "blob" : "NULL::VARCHAR";
    const name = `crawled_${seen.size}`;
    await duck.run(`CREATE TABLE ${name} AS SELECT id FROM ${parquet(table.path)} SEMI JOIN held USING (id)`);
    for (let i = 0; i < seen.size; i++)
      await duck.run(`DELETE FROM ${name} WHERE id IN (SELECT id FROM crawled_${i})`);
    parts.push(
      `SELECT id, ${told.join(", ")}, ${picture} AS picture FROM ${parquet(table.path)} SEMI JOIN ${name} USING (id)`,
    );
    seen.add(first.hash);
  }
  await duck.run(`CREATE VIEW told AS ${parts.join(" UNION ALL ")}`);
  await nameLicenses(duck);
  await duck.run(`CREATE VIEW source AS SELECT told.*, license_name FROM told JOIN license_name l
    ON told.license IS NOT DISTINCT FROM l.license AND told.license_url IS NOT DISTINCT FROM l.license_url`);
}

/** The table `license_name`: what is told of licences in `told`, each with its common name. */
async function nameLicenses(duck: Duck): Promise<void> {
  await duck.run("CREATE TABLE license_name (license VARCHAR, license_url VARCHAR, license_name VARCHAR)");
  const pairs = await duck.all("SELECT DISTINCT license, license_url FROM told");
  await duck.append(
    "license_name",
    pairs.map((pair) => {
      const [license, url] = [pair.license as string | null, pair.license_url as string | null];
      const read = readLicense(license, url);
      return [license, url, read ? licenseName(read) : null];
    }),
  );
}
