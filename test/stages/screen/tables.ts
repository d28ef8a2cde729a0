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
  options: {
    readonly dhash?: boolean;
    /** More columns of the labels: SQL values by column and id. */
    readonly columns?: Readonly<Record<string, Readonly<Record<string, string>>>>;
    readonly order?: string;
  } = {},
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
    const more = Object.entries(options.columns ?? {}).map(([name, values]) => {
      const cases = Object.entries(values).map(([id, value]) => `WHEN ${text(id)} THEN ${value}`);
      return `, CASE id ${cases.join(" ")} END AS ${name}`;
    });
    await duck.run(
      `COPY (SELECT *${more.join("")} FROM l ORDER BY ${options.order ?? "id"}) TO ${sqlString(paths.labels)} (FORMAT parquet)`,
    );
  });
  return paths;
}

/** predictions.parquet and tags.parquet as eval writes them: by image id, the student's scores of tags t0, t1, … */
export async function writePredictions(
  scores: Readonly<Record<string, readonly number[]>>,
  tags?: readonly string[],
): Promise<Record<"predictions.parquet" | "tags.parquet", string>> {
  const folder = temporaryFolder();
  const paths = {
    "predictions.parquet": join(folder, "predictions.parquet"),
    "tags.parquet": join(folder, "tags.parquet"),
  };
  await withDuck(async (duck) => {
    await duck.run("CREATE TABLE p (id VARCHAR, labels STRUCT(tag VARCHAR, score DOUBLE)[])");
    for (const [id, of] of Object.entries(scores)) {
      const labels = of.map((score, n) => `{'tag': 't${n}', 'score': ${score}::DOUBLE}`);
      await duck.run(`INSERT INTO p VALUES (${sqlString(id)}, [${labels.join(", ")}])`);
    }
    await duck.run(
      `COPY (FROM p ORDER BY id) TO ${sqlString(paths["predictions.parquet"])} (FORMAT parquet)`,
    );
    const names = (tags ?? Object.values(scores)[0]!.map((_, n) => `t${n}`)).map(sqlString).join(", ");
    await duck.run(
      `COPY (SELECT unnest([${names}]) AS tag) TO ${sqlString(paths["tags.parquet"])} (FORMAT parquet)`,
    );
  });
  return paths;
}

/** All rows of a small Parquet file. */
export async function rowsOf(path: string): Promise<Readonly<Record<string, Json>>[]> {
  return withDuck((duck) => duck.all(`FROM ${parquet(path)}`));
}
