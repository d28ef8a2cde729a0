import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { extract, pack as tarPack } from "tar-stream";
import type { Memo, StageContext } from "../../../src/contract/stage.js";
import { sqlString } from "../../../src/core/duck.js";
import { sha256 } from "../../../src/core/hash.js";
import type { JsonObject } from "../../../src/core/json.js";
import { sampleKey } from "../../../src/stages/pack/names.js";
import { buckets } from "../../../src/stages/pack/plan.js";
import { stage } from "../../../src/stages/pack/run.js";
import { ShardWriter } from "../../../src/stages/pack/tar.js";
import { rigContext } from "../../rigs/context.js";
import { temporaryFolder } from "../../rigs/folder.js";
import { rowsOf, type Sample, withDuck, writeSamples } from "../screen/tables.js";

const DEFAULTS = { holdout: { share: 0.25 }, samples_per_shard: 1000 };
const bytesOf = (id: string) => Buffer.from(`picture of ${id}`);

interface Packed {
  readonly folder: string;
  readonly samples: readonly JsonObject[];
  readonly metrics: JsonObject;
  readonly notes: readonly string[];
  readonly reused: readonly string[];
  readonly context: StageContext;
}

async function pack(
  samples: readonly Sample[],
  params: JsonObject = {},
  options: {
    tags?: readonly string[];
    memo?: Memo;
    groups?: Readonly<Record<string, string>>;
    /** As a table of somebody's own may be: in no order, a tag listed twice. */
    untidy?: boolean;
  } = {},
): Promise<Packed> {
  const { images, labels } = await writeSamples(samples.map((s) => ({ blob: sha256(bytesOf(s.id)), ...s })));
  const folder = temporaryFolder();
  const index = join(folder, "index.parquet");
  const grouped = join(folder, "labels.parquet");
  const tags = (options.tags ?? ["cat", "dog"]).map(sqlString).join(", ");
  await withDuck(async (duck) => {
    await duck.run(
      `COPY (SELECT tag, (row_number() OVER ()) - 1 AS position, 1::BIGINT AS count FROM (SELECT unnest([${tags}]) AS tag)) TO ${sqlString(index)} (FORMAT parquet)`,
    );
    const cases = Object.entries(options.groups ?? {}).map(
      ([id, g]) => `WHEN ${sqlString(id)} THEN ${sqlString(g)}`,
    );
    const group = cases.length === 0 ? "id" : `CASE id ${cases.join(" ")} ELSE id END`;
    await duck.run(
      `COPY (SELECT * ${options.untidy ? "REPLACE (labels || [{'tag': 'cat', 'score': 0.125}] AS labels)" : ""}, ${group} AS group_id
         FROM read_parquet(${sqlString(labels)}) ORDER BY id ${options.untidy ? "DESC" : ""}) TO ${sqlString(grouped)} (FORMAT parquet)`,
    );
  });
  const rig = rigContext({
    with: { ...DEFAULTS, ...params },
    inputs: {
      images: { "images.parquet": images },
      labels: { "labels.parquet": grouped },
      index: { "index.parquet": index },
    },
  });
  for (const sample of samples) rig.addBlob(bytesOf(sample.id));
  const context = { ...rig, ...(options.memo ? { memo: options.memo } : {}) };
  const result = await stage.run(context);
  const out = rig.outDir("dataset");
  return {
    folder: out,
    samples: await rowsOf(join(out, "samples.parquet")),
    metrics: result.metrics ?? {},
    notes: rig.notes,
    reused: (result.outputs?.dataset ?? []).flatMap((file) => ("blob" in file ? [file.path] : [])),
    context,
  };
}

async function entries(path: string) {
  const found: { name: string; text: string; header: JsonObject }[] = [];
  const tar = extract();
  tar.on("entry", async (header, stream, next) => {
    const parts: Buffer[] = [];
    for await (const part of stream) parts.push(part as Buffer);
    const { mode, uid, gid, uname, gname } = header;
    found.push({
      name: header.name,
      text: Buffer.concat(parts).toString(),
      header: {
        mode: mode!,
        uid: uid!,
        gid: gid!,
        uname: uname!,
        gname: gname!,
        mtime: Number(header.mtime),
      },
    });
    next();
  });
  const end = new Promise<void>((resolve, reject) => tar.on("finish", resolve).on("error", reject));
  tar.end(readFileSync(path));
  await end;
  return found;
}

const many = (count: number): Sample[] =>
  Array.from({ length: count }, (_, n) => ({ id: `i${n}`, tags: { cat: 0.9, dog: 0.25 } }));

test("a shard holds picture and JSON of each sample, sorted by id, without times and owners", async () => {
  const { folder, samples, metrics } = await pack(
    [
      { id: "b", tags: { dog: 0.5, cat: 0.25, cow: 0.1 } },
      { id: "a.1/x", tags: { cat: 1 }, format: "png" },
      { id: "c", tags: { dog: 0.75 } },
    ],
    { holdout: { share: 0 } },
  );
  assert.deepEqual(readdirSync(join(folder, "shards")), ["train-00000.tar"]);
  const found = await entries(join(folder, "shards", "train-00000.tar"));
  assert.deepEqual(
    found.map(({ name, text }) => [name, text]),
    [
      ["a%2E1%2Fx.png", "picture of a.1/x"],
      ["a%2E1%2Fx.json", '{"id":"a.1/x","labels":[[0,1.0]]}'],
      ["b.jpg", "picture of b"],
      ["b.json", '{"id":"b","labels":[[0,0.25],[1,0.5]]}'],
      ["c.jpg", "picture of c"],
      ["c.json", '{"id":"c","labels":[[1,0.75]]}'],
    ],
  );
  assert.deepEqual(found[0]?.header, { mode: 0o644, uid: 0, gid: 0, uname: "", gname: "", mtime: 0 });
  assert.deepEqual(samples[1], {
    id: "b",
    split: "train",
    shard: "shards/train-00000.tar",
    blob: sha256(bytesOf("b")),
    format: "jpeg",
    labels: [
      { position: 0, score: 0.25 },
      { position: 1, score: 0.5 },
    ],
  });
  assert.deepEqual(JSON.parse(readFileSync(join(folder, "tags.json"), "utf8")), ["cat", "dog"]);
  assert.deepEqual(JSON.parse(readFileSync(join(folder, "dataset.json"), "utf8")), {
    size: { width: 64, height: 64 },
    counts: { train: 3, holdout: 0 },
    tags: 2,
  });
  assert.equal(metrics.shards_written, 1);
  // Golden: when this changes, raise the kind's version.
  assert.equal(
    sha256(readFileSync(join(folder, "shards", "train-00000.tar"))),
    "412143478c7ab01309d329729425ef5871f2d1edb2cf528b5d84fbf726e09bd5",
  );
});

test("the side of a sample follows from sha256 alone", async () => {
  const { samples } = await pack(many(200), { holdout: { share: 0.25 } });
  // The rule of DESIGN 6 in another language: first 32 bits of sha256("split:" + id) below share · 2^32.
  for (const { id, split } of samples) {
    const held = Number.parseInt(sha256(`split:${id}`).slice(0, 8), 16) < 0.25 * 2 ** 32;
    assert.equal(split, held ? "holdout" : "train", String(id));
  }
  const held = samples.filter((row) => row.split === "holdout").length;
  assert.ok(held > 30 && held < 70, `${held} of 200`);
});

test("a count holds out exactly so many, those of smallest hash", async () => {
  const { samples, metrics } = await pack(many(100), { holdout: { count: 7 } });
  const expected = many(100)
    .map(({ id }) => [sha256(`split:${id}`).slice(0, 8), id] as const)
    .sort()
    .slice(0, 7)
    .map(([, id]) => id);
  assert.deepEqual(
    samples
      .filter((r) => r.split === "holdout")
      .map((r) => r.id)
      .sort(),
    expected.sort(),
  );
  assert.equal(metrics.holdout, 7);
});

test("near duplicates share a side, by share and by count", async () => {
  const groups = Object.fromEntries(many(60).map(({ id }, n) => [id, `i${n - (n % 3)}`]));
  for (const holdout of [{ share: 0.5 }, { count: 10 }]) {
    const { samples } = await pack(many(60), { holdout }, { groups });
    const sides = new Map<string, Set<string>>();
    for (const { id, split } of samples) {
      const group = groups[String(id)]!;
      sides.set(group, (sides.get(group) ?? new Set()).add(String(split)));
    }
    assert.equal(sides.size, 20);
    assert.ok([...sides.values()].every((side) => side.size === 1));
  }
});

test("one new image rewrites one shard; nothing new rewrites none", async () => {
  const first = await pack(many(64), { shards: 4 });
  assert.equal(first.metrics.shards_written, first.metrics.shards);
  const again = await pack(many(64), { shards: 4 }, { memo: first.context.memo });
  assert.equal(again.metrics.shards_written, 0);
  assert.ok(!existsSync(join(again.folder, "shards")));
  const more = await pack(
    [...many(64), { id: "new", tags: { cat: 1 } }],
    { shards: 4 },
    { memo: first.context.memo },
  );
  assert.equal(more.metrics.shards_written, 1);
  assert.equal(more.reused.length, Number(first.metrics.shards) - 1);
  const before = new Map(first.samples.map((row) => [row.id, row]));
  for (const row of more.samples) if (row.id !== "new") assert.deepEqual(row, before.get(row.id!));
});

test("changed labels rewrite the shard", async () => {
  const first = await pack(many(8), { shards: 1, holdout: { share: 0 } });
  const changed = many(8).map((s) => (s.id === "i3" ? { ...s, tags: { cat: 0.8 } } : s));
  const again = await pack(changed, { shards: 1, holdout: { share: 0 } }, { memo: first.context.memo });
  assert.equal(again.metrics.shards_written, 1);
});

test("images without a tag of the index are left out and said", async () => {
  const { samples, notes, metrics } = await pack(
    [
      { id: "a", tags: { cat: 1 } },
      { id: "b", tags: { cow: 1 } },
      { id: "c", tags: {} },
    ],
    { holdout: { share: 0 } },
  );
  assert.deepEqual(
    samples.map((row) => row.id),
    ["a"],
  );
  assert.equal(metrics.without_tags, 2);
  assert.match(notes.join(), /2 images left out: none of their tags is in the index \(b, c\)/);
});

test("what cannot be packed fails with a reason", async () => {
  await assert.rejects(
    pack([
      { id: "a", tags: { cat: 1 } },
      { id: "b", tags: { cat: 1 }, width: 32 },
    ]),
    /the images differ in size: 32×64 \(1 images, e\.g\. b\), 64×64 \(1 images, e\.g\. a\)/,
  );
  await assert.rejects(pack([{ id: "a", tags: {} }]), /no image is left to train on/);
});

test("equal input gives equal shards, whatever the order of rows", async () => {
  const [one, two] = [await pack(many(40), { shards: 2 }), await pack(many(40).reverse(), { shards: 2 })];
  const hashes = (p: Packed) =>
    readdirSync(join(p.folder, "shards"))
      .sort()
      .map((name) => [name, sha256(readFileSync(join(p.folder, "shards", name)))]);
  assert.ok(hashes(one).length >= 3);
  assert.deepEqual(hashes(one), hashes(two));
});

test("labels in no order, and tags listed twice, give the same data set", async () => {
  const [tidy, untidy] = [await pack(many(40)), await pack(many(40), {}, { untidy: true })];
  assert.deepEqual(untidy.samples, tidy.samples);
  assert.deepEqual(
    readdirSync(join(untidy.folder, "shards")).map((name) =>
      sha256(readFileSync(join(untidy.folder, "shards", name))),
    ),
    readdirSync(join(tidy.folder, "shards")).map((name) =>
      sha256(readFileSync(join(tidy.folder, "shards", name))),
    ),
  );
});

test("a tar is byte for byte that of tar-stream", async () => {
  const files: [string, Buffer][] = [
    ["a.jpg", Buffer.from("x")],
    [`${"n".repeat(95)}.json`, Buffer.alloc(512, 1)],
    ["empty.json", Buffer.alloc(0)],
    ["large.jpg", Buffer.alloc(3_000_001, 7)],
    ["z.jpg", Buffer.alloc(700_000, 255)],
  ];
  const path = join(temporaryFolder(), "ours.tar");
  const ours = new ShardWriter(path);
  const theirs = tarPack();
  for (const [name, bytes] of files) {
    ours.add(name, bytes);
    theirs.entry({ name, mode: 0o644, uid: 0, gid: 0, mtime: new Date(0) }, bytes);
  }
  ours.close();
  theirs.finalize();
  assert.equal(sha256(readFileSync(path)), sha256(await buffer(theirs)));
  const refuses = new ShardWriter(path);
  assert.throws(() => refuses.add("n".repeat(101), Buffer.alloc(1)), RangeError);
  refuses.destroy();
});

test("a disk that is full is an error to catch, not a crash", {
  skip: !existsSync("/dev/full"),
}, () => {
  const tar = new ShardWriter("/dev/full");
  assert.throws(
    () => {
      for (let i = 0; i < 100; i++) tar.add(`k${i}.jpg`, Buffer.alloc(100_000));
      tar.close();
    },
    { code: "ENOSPC" },
  );
  tar.destroy();
});

test("sample keys are safe file names", () => {
  assert.equal(sampleKey("a_B-9"), "a_B-9");
  assert.equal(sampleKey("../x y.jpg"), "%2E%2E%2Fx%20y%2Ejpg");
  assert.equal(sampleKey("ü"), "%C3%BC");
  assert.equal(sampleKey("x".repeat(96)), `%${sha256("x".repeat(96))}`);
  assert.equal(sampleKey("x".repeat(95)), "x".repeat(95));
});

test("the number of shards is the smallest power of two that is enough", () => {
  assert.deepEqual(
    [0, 1, 1000, 1001, 2000, 2001, 1_000_000].map((n) => buckets(n, 1000)),
    [1, 1, 1, 2, 2, 4, 1024],
  );
});
