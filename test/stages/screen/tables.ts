import { join } from "node:path";
import { Duck, parquet, sqlString } from "../../../src/core/duck.js";
import { sha256 } from "../../../src/core/hash.js";
import type { Json } from "../../../src/core/json.js";
import { temporaryFolder } from "../../rigs/folder.js";

/** An image and its labels, in short: tag → score. */
export interface Sample {
  readonly id: string;
  readonly tags: Readonly<Record<string, number>>;
  /** sha256 of the picture; by default that of the id. */
  readonly blob?: string;
  readonly dhash?: string;
  readonly format?: string;
  readonly width?: number;
}

/** Runs a piece of work with a DuckDB of its own. */
export async function withDuck<T>(work: (duck: Duck) => Promise<T>): Promise<T> {
  const duck = await Duck.open({ scratch: temporaryFolder(), threads: 1 });
  try {
    return await work(duck);
  } finally {
    duck.close();
  }
}

/** images.parquet and labels.parquet as resize and label write them. */
export async function writeSamples(
  samples: readonly Sample[],
  options: { readonly dhash?: boolean } = {},
): Promise<{ images: string; labels: string }> {
  const folder = temporaryFolder();
  const paths = { images: join(folder, "images.parquet"), labels: join(folder, "labels.parquet") };
  const text = (value: string) => sqlString(value);
  await withDuck(async (duck) => {
    await duck.run(
      "CREATE TABLE i (id VARCHAR, blob VARCHAR, format VARCHAR, width BIGINT, height BIGINT, dhash VARCHAR)",
    );
    await duck.run("CREATE TABLE l (id VARCHAR, labels STRUCT(tag VARCHAR, score DOUBLE)[], raw VARCHAR)");
    for (const [n, s] of samples.entries()) {
      const blob = s.blob ?? sha256(s.id);
      const dhash = s.dhash ?? sha256(`dhash ${n}`).slice(0, 16);
      await duck.run(
        `INSERT INTO i VALUES (${text(s.id)}, '${blob}', '${s.format ?? "jpeg"}', ${s.width ?? 64}, 64, '${dhash}')`,
      );
      const labels = Object.entries(s.tags)
        .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
        .map(([tag, score]) => `{'tag': ${text(tag)}, 'score': ${score}::DOUBLE}`);
      await duck.run(`INSERT INTO l VALUES (${text(s.id)}, [${labels.join(", ")}], NULL)`);
    }
    const columns = options.dhash === false ? "* EXCLUDE (dhash)" : "*";
    await duck.run(
      `COPY (SELECT ${columns} FROM i ORDER BY id) TO ${sqlString(paths.images)} (FORMAT parquet)`,
    );
    await duck.run(`COPY (FROM l ORDER BY id) TO ${sqlString(paths.labels)} (FORMAT parquet)`);
  });
  return paths;
}

/** All rows of a small Parquet file. */
export async function rowsOf(path: string): Promise<Readonly<Record<string, Json>>[]> {
  return withDuck((duck) => duck.all(`FROM ${parquet(path)}`));
}
