import assert from "node:assert/strict";
import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { writeTiny } from "../../bench/pictures.js";
import type { RunRecord } from "../../src/runner/lineage/record.js";
import { fates, hashes, PhotoRig, stageOf } from "./rig.js";

/** Enough for tables of several parts, a few of which may change. */
const COUNT = 12_000;

/** A command that writes a table by SQL over its input. */
const WRITER = `import { DuckDBInstance } from ${JSON.stringify(import.meta.resolve("@duckdb/node-api"))};
const { INPUT_FROM, OUTPUT, NAME, SQL } = process.env;
const duck = await (await DuckDBInstance.create(":memory:", { threads: "1" })).connect();
await duck.run(\`CREATE VIEW source AS FROM read_parquet('\${INPUT_FROM}/images.parquet')\`);
await duck.run(\`COPY (FROM (\${SQL}) ORDER BY id) TO '\${OUTPUT}/\${NAME}.parquet'\`);
`;

const written = (name: string, from: string, sql: string) => ({
  uses: "exec",
  inputs: { from },
  with: { command: "node write.mjs", deps: ["write.mjs"], values: { SQL: sql, NAME: name } },
});

interface Tables {
  /** The id of row i, in SQL. */
  readonly id?: string;
  /** Rows that show another picture than at first, in SQL over i. */
  readonly other?: string;
  /** The labels of the row whose source_url is i, in SQL; without, a teacher labels. */
  readonly labels?: string;
  readonly tags?: readonly string[];
  /** Whether tags of constant score are taken out. */
  readonly constant?: boolean;
}

/** Many rows that show four pictures, labelled, screened and packed. */
function pipeline({
  id = "md5(i::VARCHAR)",
  other = "false",
  labels,
  tags,
  constant = false,
}: Tables): string {
  const rows = `SELECT ${id} AS id, blob, bytes, format, width, height, i::VARCHAR AS source_url FROM range(${COUNT}) t(i)
    JOIN (SELECT *, row_number() OVER (ORDER BY blob) - 1 AS k FROM source) s ON k = (CASE WHEN ${other} THEN i + 1 ELSE i END) % 4`;
  const labelled = `SELECT id, ${labels} AS labels, NULL::VARCHAR AS raw FROM (SELECT id, source_url::BIGINT AS i FROM source)`;
  const off = { enabled: false };
  return JSON.stringify({
    version: 1,
    name: "odd",
    stages: {
      crawl: { uses: "crawl", with: { source: { type: "local", path: "pictures" } } },
      images: written("images", "crawl", rows),
      label: labels
        ? written("labels", "images", labelled)
        : { uses: "label", inputs: { images: "images" }, with: { teacher: { type: "builtin" } } },
      screen: {
        uses: "screen",
        inputs: { images: "images", labels: "label" },
        with: {
          few_tags: off,
          collapsed: off,
          constant_scores: { enabled: constant },
          exact_duplicates: off,
        },
      },
      index: { uses: "index", inputs: { labels: "screen" }, with: tags ? { tags } : { min_count: 1 } },
      pack: { uses: "pack", inputs: { images: "images", labels: "screen", index: "index" } },
    },
  });
}

const LABELS = (first: string, second: string, score = "0.5") =>
  `[{'tag': '${first}', 'score': 0.9::DOUBLE}, {'tag': '${second}', 'score': (${score})::DOUBLE}]`;

class OddRig extends PhotoRig {
  constructor() {
    super();
    this.write("write.mjs", WRITER);
    for (let i = 0; i < 4; i++) writeTiny(join(this.folder, "pictures"), 2, i, 0);
  }

  async runs(tables: Tables, code = 0): Promise<RunRecord> {
    this.write("p.yaml", pipeline(tables));
    return this.run([], code);
  }

  /** Runs, and compares with a run on an empty store. */
  async agrees(what: string, tables: Tables, code = 0): Promise<RunRecord> {
    const own = await this.runs(tables, code);
    const whole = await this.run(["--store", "other"], code);
    assert.deepEqual(hashes(own), hashes(whole), what);
    for (const { name, status, notes, metrics, failure } of own.stages) {
      if (status === "cached") continue;
      const other = stageOf(whole, name);
      assert.deepEqual([notes, failure?.message], [other.notes, other.failure?.message], `${what}: ${name}`);
      assert.deepEqual({ ...metrics, shards_written: 0 }, { ...other.metrics, shards_written: 0 }, what);
    }
    rmSync(join(this.folder, "other"), { recursive: true });
    return own;
  }
}

test("rows with odd ids are taken over like others", async () => {
  const ids = {
    NUL: "md5(i::VARCHAR)[:8] || chr(0) || i",
    quotes: `md5(i::VARCHAR)[:4] || '''"\\' || i || '\\'`,
  };
  for (const [what, id] of Object.entries(ids)) {
    const rig = new OddRig();
    await rig.runs({ id });
    const record = await rig.agrees(what, { id, other: "i = 4321" });
    assert.match(fates(record), /label ran 0\/12000, screen ran, index ran, pack ran/);
  }
});

test("images without labels are counted by every run alike", async () => {
  const rig = new OddRig();
  const labels = `CASE WHEN i % 100 = 3 THEN NULL WHEN i % 100 = 4 THEN [] ELSE ${LABELS("a", "b")} END`;
  await rig.runs({ labels });
  const record = await rig.agrees("another picture", { labels, other: "i = 5" });
  assert.equal(stageOf(record, "pack").metrics?.without_tags, COUNT / 50);
  const changed = labels.replace(
    "CASE",
    `CASE WHEN i = 5 THEN [] WHEN i IN (3, 104) THEN ${LABELS("a", "b")}`,
  );
  const after = await rig.agrees("one has lost its tags, two have got some", {
    labels: changed,
    other: "i = 5",
  });
  assert.equal(stageOf(after, "pack").metrics?.without_tags, COUNT / 50 - 1);
});

test("a score of -0 is one of 0", async () => {
  const rig = new OddRig();
  const labels = (zero: string) =>
    `[{'tag': 'a', 'score': CASE WHEN i = 77 THEN '${zero}' ELSE (1 + i % 90) / 100 END::DOUBLE}]`;
  await rig.runs({ labels: labels("0.0") });
  // With other params all rows are compared.
  await rig.agrees("-0", { labels: labels("-0.0"), constant: true });
});

test("labels that mean other tags are not taken over for those of an equal table", async () => {
  const rig = new OddRig();
  const [ab, cd] = [LABELS("a", "b"), LABELS("c", "d")];
  await rig.runs({ labels: ab, tags: ["a", "b"] });
  await rig.runs({ labels: cd, tags: ["c", "d"] });
  assert.match(fates(await rig.runs({ labels: ab, tags: ["a", "b"] })), /pack cached/);
  const record = await rig.agrees("tags of none", { labels: ab, tags: ["c", "d"] }, 1);
  assert.match(String(stageOf(record, "pack").failure?.message), /no image is left to train on/);
});

test("a tag that was taken out of the last labels, and is no more, comes back", async () => {
  const rig = new OddRig();
  const id = "CASE WHEN i < 300 THEN '0' || lpad(i::VARCHAR, 4, '0') ELSE md5(i::VARCHAR) END";
  const labels = (others: string) => `[{'tag': 'a', 'score': (i % 100) / 100.0::DOUBLE}${others}]`;
  const constant = labels(", {'tag': 'x', 'score': 0.5::DOUBLE}");
  const first = await rig.runs({ id, constant: true, labels: constant });
  const second = await rig.runs({ id, constant: true, labels: labels("") });
  assert.equal(hashes(first)["screen.labels"], hashes(second)["screen.labels"]);
  await rig.runs({ id, constant: true, labels: constant });
  const some = labels(", {'tag': 'x', 'score': CASE WHEN i < 300 THEN 1.0 ELSE 0.5 END::DOUBLE}");
  const record = await rig.agrees("varied", { id, constant: true, labels: some });
  assert.notEqual(hashes(record)["screen.labels"], hashes(first)["screen.labels"]);
});

test("a row that stands twice is not lost", async () => {
  const rig = new OddRig();
  await rig.runs({ labels: LABELS("a", "b") });
  const labels = `unnest(CASE WHEN i = 77 THEN [${LABELS("a", "b")}, ${LABELS("a", "b")}] ELSE [${LABELS("a", "b")}] END)`;
  const record = await rig.agrees("twice", { labels });
  assert.equal(stageOf(record, "screen").metrics?.kept, COUNT + 1);
});

test("a stage whose last table is damaged runs, though what has changed cannot be told", async () => {
  const rig = new PhotoRig();
  await rig.pictures(3);
  rig.write(
    "p.yaml",
    JSON.stringify({
      version: 1,
      name: "odd",
      stages: { crawl: { uses: "crawl", with: { source: { type: "local", path: "pictures" } } } },
    }),
  );
  const { hash } = stageOf(await rig.run(), "crawl").outputs.images!;
  const tree = JSON.parse(readFileSync(join(rig.folder, `artifacts/trees/${hash}.json`), "utf8"));
  const { blob } = tree.entries["images.parquet"];
  const path = join(rig.folder, "artifacts/store", blob.slice(0, 2), blob.slice(2));
  chmodSync(path, 0o644);
  writeFileSync(path, "no table");
  await rig.picture("p3.png", 3);
  const record = await rig.run();
  assert.deepEqual(hashes(record), hashes(await rig.run(["--store", "other"])));
});
