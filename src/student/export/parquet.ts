import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Duck, parquet, sqlString } from "../../core/duck.js";
import type { Dataset, Split } from "../dataset.js";

/** Columns about an image's origin that are taken along where they are known. */
const ORIGIN = ["source_url", "page_url", "author", "license", "license_name", "license_url", "attribution"];

/** Pictures are large: a reader that wants one row has to read its whole group. */
const ROWS_IN_GROUP = 2048;

export interface ParquetSources {
  readonly data: Dataset;
  /** The data set's samples.parquet. */
  readonly samples: string;
  /** A Parquet table of ORIGIN by `id`. */
  readonly origin: string;
  /** Called for each shard that is written, with its name in the data set. */
  onShard(shard: string): void;
}

/** The feature types in the words of Hugging Face's `datasets`; pyarrow and others read the columns alone. */
const FEATURES = {
  image: { _type: "Image" },
  id: { dtype: "string", _type: "Value" },
  labels: [{ tag: { dtype: "string", _type: "Value" }, score: { dtype: "float64", _type: "Value" } }],
  ...Object.fromEntries(ORIGIN.map((name) => [name, { dtype: "string", _type: "Value" }])),
};

/**
 * Writes a data set as Parquet in Hugging Face's layout: data/<split>-00000-of-00004.parquet, one for each shard, with the
 * columns image STRUCT(bytes, path), id, labels (tag and the teacher's score) and where the picture comes from.
 *
 * @returns the files of each side of the split, relative to the folder
 */
export async function exportParquet(
  duck: Duck,
  sources: ParquetSources,
  folder: string,
): Promise<Readonly<Record<Split, readonly string[]>>> {
  const { data } = sources;
  mkdirSync(join(folder, "data"), { recursive: true });
  await duck.run("CREATE TABLE tag (position VARCHAR, name VARCHAR)");
  await duck.append(
    "tag",
    data.tags.map((name, position) => [String(position), name]),
  );
  await duck.run("CREATE TABLE tags AS SELECT list(name ORDER BY position::BIGINT) AS names FROM tag");
  const files: Record<Split, string[]> = { train: [], holdout: [] };
  for (const split of ["train", "holdout"] as const) {
    const shards = data.shards(split);
    const number = (n: number) => String(n).padStart(5, "0");
    for (const [i, shard] of shards.entries()) {
      const file = `data/${split}-${number(i)}-of-${number(shards.length)}.parquet`;
      await writeShard(duck, sources, shard, join(folder, file));
      files[split].push(file);
      sources.onShard(shard);
    }
  }
  return files;
}

async function writeShard(duck: Duck, sources: ParquetSources, shard: string, path: string): Promise<void> {
  await duck.run("CREATE OR REPLACE TABLE picture (id VARCHAR, path VARCHAR, bytes BLOB)");
  await duck.append("picture", rows(sources.data, shard));
  const metadata = JSON.stringify({ info: { features: FEATURES } });
  await duck.run(
    `COPY (
       SELECT struct_pack(bytes := p.bytes, path := p.path) AS image, p.id AS id,
         list_transform(s.labels, l -> struct_pack(tag := names[l.position + 1], score := l.score)) AS labels,
         ${ORIGIN.map((name) => `o.${name}`).join(", ")}
       FROM picture p JOIN ${parquet(sources.samples)} s ON s.id = p.id
       LEFT JOIN ${parquet(sources.origin)} o ON o.id = p.id CROSS JOIN tags ORDER BY p.id
     ) TO ${sqlString(path)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${ROWS_IN_GROUP},
       KV_METADATA {huggingface: ${sqlString(metadata)}})`,
  );
}

async function* rows(data: Dataset, shard: string): AsyncGenerator<[string, string, Buffer]> {
  for await (const { id, file, picture } of data.read(shard)) yield [id, file, picture];
}

/** The data set's card, which tells `datasets` which files are which side of the split. */
export function writeCard(
  folder: string,
  name: string,
  data: Dataset,
  files: Readonly<Record<Split, readonly string[]>>,
): void {
  const splits = (["train", "holdout"] as const).filter((split) => files[split].length > 0);
  const configs = splits.map((split) => `      - split: ${split}\n        path: data/${split}-*.parquet\n`);
  writeFileSync(
    join(folder, "README.md"),
    `---
configs:
  - config_name: default
    data_files:
${configs.join("")}---

# ${name}

${splits.map((split) => `${data.counts[split]} images in \`${split}\``).join(", ")}, ${data.size.width} × ${data.size.height} pixels,
with the scores that a teacher gave to ${data.tags.length} tags. Made by pipestill.

| Column | |
| --- | --- |
| image | the picture |
| labels | tags that the teacher returned, with its score from 0 to 1; a tag that is not listed was not returned |
| source_url … attribution | where the picture comes from and under what terms; see ATTRIBUTION.md |
`,
  );
}
