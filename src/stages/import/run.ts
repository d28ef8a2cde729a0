import { closeSync, openSync, renameSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import {
  type InputArtifact,
  NO_PREVIOUS,
  type StageContext,
  StageError,
  type StageModule,
} from "../../contract/stage.js";
import { Duck, parquet } from "../../core/duck.js";
import { PackIndex } from "../../core/pack-index.js";
import { PackWriter, readPlace } from "../../core/packs.js";
import { sharp } from "../../core/sharp.js";
import type { WrittenTable } from "../../core/tables/parts.js";
import { writeOrdered } from "../../core/tables/write.js";
import { stage as pack } from "../pack/run.js";
import { RowFile } from "../row-file.js";
import { gather } from "./gather.js";
import type { Params } from "./schema.js";
import { readTags } from "./tags.js";

const IMAGES = { id: "VARCHAR", blob: "VARCHAR", format: "VARCHAR", width: "BIGINT", height: "BIGINT" };
const LABELS = { id: "VARCHAR", labels: "STRUCT(tag VARCHAR, score DOUBLE)[]" };
const INDEX = { tag: "VARCHAR", position: "BIGINT" };
const FAILURES = { id: "VARCHAR", class: "VARCHAR", detail: "VARCHAR" };

/**
 * Keeps the pictures of the data files in a scratch pack and has `pack` make the data set of them: split, shards and files
 * are those of any other.
 */
export const stage: StageModule = {
  async run(context) {
    const { base, scratch } = context;
    const params = context.with as Params;
    sharp.cache(false);
    const tags = await readTags(resolve(base, params.tags), params.tags);
    const pictures = join(scratch, "pictures.pack");
    rmSync(pictures, { force: true });
    const writer = new PackWriter(pictures);
    const lines = lineFiles(scratch);
    const duck = await Duck.open({ scratch, threads: context.cpus });
    try {
      for (const [position, tag] of tags.entries()) lines.index.add({ tag, position });
      const counts = await gather(context, params, tags, lines, writer);
      const table = async (
        name: "images" | "labels" | "index",
        columns: Readonly<Record<string, string>>,
      ) => {
        const path = join(scratch, `${name}.parquet`);
        await lines[name].toTable(duck, columns, [name === "index" ? "position" : "id"], path);
        return artifact({ [`${name}.parquet`]: path });
      };
      const inputs = {
        images: await table("images", IMAGES),
        labels: await table("labels", LABELS),
        index: await table("index", INDEX),
      };
      const failures = await lines.failures.toTable(
        duck,
        FAILURES,
        ["id"],
        join(context.outDir("failures"), "failures.parquet"),
      );
      const made = await withPictures(pictures, writer, (blob) =>
        pack.run({ ...context, inputs, blob, previous: NO_PREVIOUS, with: packParams(params) }),
      );
      const others = (made.outputs?.dataset ?? []).filter(({ path }) => path !== "samples.parquet");
      const samples = await withoutBlobs(duck, context.outDir("dataset"), scratch);
      return {
        outputs: {
          dataset: [{ path: "samples.parquet", table: samples }, ...others],
          failures: [{ path: "failures.parquet", table: failures }],
        },
        metrics: { ...made.metrics, failed: counts.failed },
      };
    } finally {
      duck.close();
      writer.close();
      for (const file of Object.values(lines)) file.close();
      rmSync(pictures, { force: true });
    }
  },
};

function lineFiles(scratch: string) {
  const file = (name: string) => new RowFile(join(scratch, `${name}.jsonl`));
  return { images: file("images"), labels: file("labels"), index: file("index"), failures: file("failures") };
}

function packParams({ holdout, samples_per_shard, shards }: Params): StageContext["with"] {
  return { holdout, samples_per_shard, ...(shards === undefined ? {} : { shards }) };
}

function artifact(files: Readonly<Record<string, string>>): InputArtifact {
  return {
    hash: "",
    files: Object.keys(files),
    path(name) {
      const path = files[name];
      if (path === undefined) throw new StageError(`the import has no table ${name}`);
      return path;
    },
  };
}

/** Gives pack the pictures of the scratch pack in place of the store's. */
async function withPictures<T>(
  path: string,
  writer: PackWriter,
  use: (blob: StageContext["blob"]) => Promise<T>,
): Promise<T> {
  writer.sync();
  const index = PackIndex.decode(writer.encodeIndex());
  const fd = openSync(path, "r");
  try {
    return await use(async (hash) => {
      const place = index?.find(Buffer.from(hash, "hex"));
      if (!place) throw new StageError(`the scratch pack lacks the picture ${hash.slice(0, 12)}`);
      return readPlace(fd, place);
    });
  } finally {
    closeSync(fd);
  }
}

/** The store has no blob for each picture, so the table names none: they stand in the shards alone. */
async function withoutBlobs(duck: Duck, folder: string, scratch: string): Promise<WrittenTable> {
  const path = join(folder, "samples.parquet");
  const before = join(scratch, "samples.parquet");
  renameSync(path, before);
  const query = `SELECT * REPLACE (NULL::VARCHAR AS blob) FROM ${parquet(before)} ORDER BY id`;
  return writeOrdered(duck, query, path);
}
