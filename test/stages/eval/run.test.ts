import assert from "node:assert/strict";
import { createWriteStream, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { test } from "node:test";
import sharp from "sharp";
import { pack } from "tar-stream";
import type { StageError } from "../../../src/contract/stage.js";
import { Duck, parquet } from "../../../src/core/duck.js";
import { writeTable } from "../../../src/core/tables/write.js";
import { openEngine } from "../../../src/engine/engine.js";
import { stage } from "../../../src/stages/eval/run.js";
import { MODEL_FILES, saveStudent } from "../../../src/student/model-file.js";
import { Network } from "../../../src/student/network.js";
import { type RigContext, rigContext } from "../../rigs/context.js";
import { temporaryFolder } from "../../rigs/folder.js";

const SIZE = { width: 32, height: 32 };
const TAGS = ["red", "green", "<b>blue</b>"];
const COLOURS = ["#e02020", "#20c040", "#2040e0"];
const WITH = { positive_at: 0.5, min_positives: 2, max_prevalence: 0.5, threshold_sample: 6 };

interface Row {
  readonly id: string;
  readonly split: "train" | "holdout";
  readonly picture: Buffer;
  readonly labels: readonly (readonly [number, number])[];
}

/** Plain pictures, each of one tag's colour; ids that are no file names. */
async function rows(): Promise<Row[]> {
  return Promise.all(
    Array.from({ length: 24 }, async (_, i): Promise<Row> => {
      const create = { ...SIZE, channels: 3 as const, background: COLOURS[i % 3]! };
      const picture = await sharp({ create }).png().toBuffer();
      const labels = [[i % 3, 0.9] as const, [(i + 1) % 3, 0.25] as const];
      return {
        id: `photo/${String(i).padStart(2, "0")} é.png`,
        split: i < 12 ? "train" : "holdout",
        picture,
        labels,
      };
    }),
  );
}

/** Writes a data set as pack does, one shard for each split. */
async function writeDataset(
  all: readonly Row[],
  blob: (bytes: Buffer) => string,
): Promise<Record<string, string>> {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "shards"));
  const files: Record<string, string> = {};
  const lines: string[] = [];
  for (const split of ["train", "holdout"] as const) {
    const name = `shards/${split}-00.tar`;
    files[name] = join(folder, name);
    const tar = pack();
    const out = tar.pipe(createWriteStream(files[name]));
    for (const [i, row] of all.entries()) {
      if (row.split !== split) continue;
      tar.entry({ name: `k${i}.png` }, row.picture);
      tar.entry({ name: `k${i}.json` }, JSON.stringify({ id: row.id, labels: row.labels }));
      const labels = row.labels.map(([position, score]) => ({ position, score }));
      lines.push(JSON.stringify({ id: row.id, split, shard: name, blob: blob(row.picture), labels }));
    }
    tar.finalize();
    await finished(out);
  }
  const json = join(folder, "samples.jsonl");
  writeFileSync(json, lines.join("\n"));
  files["samples.parquet"] = join(folder, "samples.parquet");
  const duck = await Duck.open({ scratch: folder });
  const columns = `{id: 'VARCHAR', split: 'VARCHAR', shard: 'VARCHAR', blob: 'VARCHAR', labels: 'STRUCT(position BIGINT, score DOUBLE)[]'}`;
  const query = `SELECT * FROM read_json('${json}', format = 'newline_delimited', columns = ${columns})`;
  await writeTable(duck, query, ["id"], files["samples.parquet"]);
  duck.close();
  const holdout = all.filter((row) => row.split === "holdout").length;
  const about = { size: SIZE, counts: { train: all.length - holdout, holdout }, tags: TAGS.length };
  for (const [name, value] of [
    ["dataset.json", about],
    ["tags.json", TAGS],
  ] as const) {
    files[name] = join(folder, name);
    writeFileSync(files[name]!, JSON.stringify(value));
  }
  return files;
}

/** Writes an untrained model, the same in every run. */
async function writeModel(tags: readonly string[] = TAGS): Promise<Record<string, string>> {
  await openEngine("wasm");
  const folder = temporaryFolder();
  const spec = { architecture: "vgg-small", preprocess: "scale255", size: SIZE } as const;
  const network = new Network({ ...spec, tags: tags.length, dropout: 0, seed: 5 });
  saveStudent(folder, { format: "pipestill-student/1", ...spec, tags, loss: "bce" }, network);
  network.dispose();
  writeFileSync(join(folder, MODEL_FILES.history), '{"epoch":1,"loss":0.7}\n{"epoch":2,"loss":0.5}\n');
  return Object.fromEntries(Object.values(MODEL_FILES).map((name) => [name, join(folder, name)]));
}

async function rig(change: (all: Row[]) => Row[] = (all) => all, tags = TAGS): Promise<RigContext> {
  const all = change(await rows());
  const pictures: Buffer[] = [];
  const store = rigContext({ with: {} });
  const data = await writeDataset(all, (bytes) => {
    pictures.push(bytes);
    return store.addBlob(bytes);
  });
  const context = rigContext({ with: WITH, inputs: { model: await writeModel(tags), data } });
  for (const bytes of pictures) context.addBlob(bytes);
  return context;
}

test("eval writes report, metrics and tables, the same in a second run", async () => {
  const context = await rig();
  const result = await stage.run(context);
  const folder = context.outDir("report");

  assert.equal(result.metrics?.images, 12);
  assert.equal(result.metrics?.map_tags, 3);
  // Each tag is on a third of the held-out images.
  assert.equal(result.metrics?.map_baseline, 0.333333);
  assert.ok((result.metrics?.map as number) > 0 && (result.metrics?.map as number) <= 1);
  const document = JSON.parse(readFileSync(join(folder, "metrics.json"), "utf8"));
  assert.equal(document.map, result.metrics?.map);
  assert.equal(document.calibration.length, 15);
  assert.equal(
    document.calibration.reduce((sum: number, bin: { pairs: number }) => sum + bin.pairs, 0),
    36,
  );

  const duck = await Duck.open({ scratch: context.scratch });
  const predicted = await duck.all(`SELECT id, labels FROM ${parquet(join(folder, "predictions.parquet"))}`);
  const tags = await duck.all(`SELECT * FROM ${parquet(join(folder, "tags.parquet"))}`);
  duck.close();
  assert.deepEqual(
    predicted.map((row) => row.id),
    Array.from({ length: 12 }, (_, i) => `photo/${i + 12} é.png`),
  );
  const labels = predicted[0]!.labels as { tag: string; score: number }[];
  assert.deepEqual(labels.map((label) => label.tag).sort(), [...TAGS].sort());
  assert.ok(labels[0]!.score >= labels[1]!.score && labels[1]!.score >= labels[2]!.score);
  assert.deepEqual(
    tags.map((row) => [row.tag, row.position, row.positives, row.counted]),
    [
      ["red", 0, 4, true],
      ["green", 1, 4, true],
      ["<b>blue</b>", 2, 4, true],
    ],
  );
  assert.ok(Math.abs((tags[0]!.train_prevalence as number) - 1 / 3) < 1e-6);

  const report = readFileSync(join(folder, "report.html"), "utf8");
  assert.ok(report.includes("&lt;b&gt;blue&lt;/b&gt;") && !report.includes("<b>blue"));
  assert.equal(report.split('src="data:image/png;base64,').length - 1, 36);
  assert.match(report, /aria-label="Loss by epoch"/);

  const again = await rig();
  const second = await stage.run(again);
  assert.deepEqual(second, result);
  assert.equal(readFileSync(join(again.outDir("report"), "report.html"), "utf8"), report);
  assert.deepEqual(context.notes, []);
});

test("pictures are named by their source where a table of images tells it", async () => {
  const context = await rig();
  const path = join(temporaryFolder(), "images.parquet");
  const duck = await Duck.open({ scratch: context.scratch });
  const ids = Array.from({ length: 12 }, (_, i) => `photo/${i + 12} é.png`);
  await duck.run("CREATE TABLE image (id VARCHAR, source_url VARCHAR)");
  await duck.append(
    "image",
    ids.map((id, i) => [id, i === 0 ? null : `https://x.test/${i}.png?a=<b>`]),
  );
  await writeTable(duck, "SELECT * FROM image", ["id"], path);
  duck.close();
  const images = { hash: "", files: ["images.parquet"], path: () => path };
  await stage.run({ ...context, inputs: { ...context.inputs, images } });
  const report = readFileSync(join(context.outDir("report"), "report.html"), "utf8");
  assert.match(report, />https:\/\/x\.test\/3\.png\?a=&lt;b&gt;</);
  assert.match(report, />photo\/12 é\.png</, "one without a source keeps its id");
  assert.doesNotMatch(report, />photo\/15 é\.png</);
});

test("pictures that stand in the shards alone are taken from there", async () => {
  const context = await rig();
  const bare = temporaryFolder();
  const duck = await Duck.open({ scratch: context.scratch });
  const samples = parquet(context.inputs.data!.path("samples.parquet"));
  const path = join(bare, "samples.parquet");
  await writeTable(duck, `SELECT * REPLACE (NULL::VARCHAR AS blob) FROM ${samples}`, ["id"], path);
  duck.close();
  const { data } = context.inputs;
  const imported = {
    ...data!,
    path: (name: string) => (name === "samples.parquet" ? path : data!.path(name)),
  };
  await stage.run({ ...context, inputs: { ...context.inputs, data: imported } });
  const report = readFileSync(join(context.outDir("report"), "report.html"), "utf8");
  assert.equal(report.split('src="data:image/png;base64,').length - 1, 36);
});

test("a picture that cannot be decoded is left out, counted and named", async () => {
  const context = await rig((all) =>
    all.map((row, i) => (i === 20 ? { ...row, picture: Buffer.from("no picture") } : row)),
  );
  const result = await stage.run(context);
  assert.equal(result.metrics?.images, 11);
  assert.match(context.notes.join("\n"), /^1 pictures? cannot be decoded: photo\/20 é\.png \(/);
});

test("nothing held out, and a model of other tags, are errors with a hint", async () => {
  const empty = await rig((all) => all.filter((row) => row.split === "train"));
  await assert.rejects(stage.run(empty), (error: StageError) => {
    assert.match(error.message, /holds no image out/);
    return error.options.hint !== undefined;
  });
  const other = await rig(undefined, ["red", "blue", "green"]);
  await assert.rejects(stage.run(other), (error: StageError) => {
    assert.match(error.message, /another tag list \(3 tags\)/);
    return error.options.hint !== undefined;
  });
});

test("an abort ends it between batches", async () => {
  const context = await rig();
  const signal = AbortSignal.abort();
  await assert.rejects(stage.run({ ...context, signal }), { name: "AbortError" });
});
