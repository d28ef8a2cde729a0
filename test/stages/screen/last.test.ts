import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Previous, StageContext } from "../../../src/contract/stage.js";
import { Duck, sqlString } from "../../../src/core/duck.js";
import { sha256File } from "../../../src/core/hash.js";
import type { JsonObject } from "../../../src/core/json.js";
import {
  differingRanges,
  type Earlier,
  soundParts,
  type WrittenTable,
} from "../../../src/core/tables/parts.js";
import { writeTable } from "../../../src/core/tables/write.js";
import { RULES } from "../../../src/stages/screen/rules/rule.js";
import { stage } from "../../../src/stages/screen/run.js";
import { rigContext, temporaryFolder } from "../../rigs/context.js";
import { withDuck } from "./tables.js";

/** Enough for tables of several parts, of which a few may change. */
const COUNT = 60_000;

/** Every rule drops something of the tables below. */
const PARAMS: JsonObject = {
  unsafe: { adult: "LIKELY" },
  exact_duplicates: { enabled: true },
  near_duplicates: { enabled: true, distance: 3, action: "drop" },
  constant_scores: { enabled: true, max_std: 0.001, min_images: 20 },
  collapsed: { enabled: true, max_share: 0.02, min_images: 20, min_score: 0.5 },
  few_tags: { enabled: true, min_tags: 1, min_score: 0.5 },
  many_tags: { enabled: true, max_tags: 8, min_score: 0.5 },
  label_quality: { enabled: false, min_quality: 0.1, positive_at: 0.5 },
};

/** A world of images and labels: i has the id md5(i). */
interface World {
  /** Rows i of the images, and of the labels, in SQL over i. */
  readonly images?: string;
  readonly labels?: string;
  /** What stands in for i where its picture, or its labels, are made, in SQL over i. */
  readonly picture?: string;
  readonly tags?: string;
  /** The score of the tag "always" of image i. */
  readonly always?: string;
}

interface Tables {
  readonly images: Earlier;
  readonly labels: Earlier;
}

async function tablesOf({
  images = "true",
  labels = "true",
  picture = "i",
  tags = "i",
  always = "0.7",
}: World) {
  const folder = temporaryFolder();
  const rows = (which: string) =>
    `SELECT i, md5(i::VARCHAR) AS id FROM range(${COUNT + 50}) t(i) WHERE ${which}`;
  const draw = (what: string, below: number) => `(hash(k || ${sqlString(what)}) % ${below})`;
  return withDuck(async (duck): Promise<Tables> => {
    const write = async (name: string, query: string) => {
      const path = join(folder, `${name}.parquet`);
      return { path, table: await writeTable(duck, query, ["id"], path) };
    };
    // One picture of 200 has a twin, one of 50 a near duplicate.
    const shown = `SELECT id, ${picture} AS p FROM (${rows(images)})`;
    return {
      images: await write(
        "images",
        `SELECT id, sha256(k::VARCHAR) AS blob, 'png' AS format,
           printf('%016x', xor(hash(CASE WHEN k % 50 = 0 THEN k + 1 ELSE k END), (k % 50 = 0)::UBIGINT)) AS dhash
         FROM (SELECT id, CASE WHEN p % 200 = 0 THEN p + 3 ELSE p END AS k FROM (${shown}))`,
      ),
      labels: await write(
        "labels",
        `SELECT id, NULL::VARCHAR AS raw,
           CASE WHEN ${draw("no answer", 90)} = 0 THEN NULL ELSE {'adult': CASE WHEN ${draw("adult", 70)} = 0 THEN 'LIKELY' ELSE 'UNLIKELY' END} END AS safe_search,
           list_concat([{'tag': 'always', 'score': (${always})::DOUBLE}],
             CASE WHEN ${draw("one set", 30)} = 0 THEN [{'tag': 'a, b', 'score': (0.6 + ${draw("score", 9)} / 100.0)::DOUBLE}, {'tag': 'it''s', 'score': (0.6 + ${draw("more", 9)} / 100.0)::DOUBLE}]
             ELSE list_transform(range((${draw("length", 12)})::BIGINT), x -> {'tag': 'tag ' || (hash(k * 31 + x) % 40), 'score': round((hash(k * 37 + x) % 1000) / 1000.0, 3)::DOUBLE}) END) AS labels
         FROM (SELECT id, i, ${tags} AS k FROM (${rows(labels)}))`,
      ),
    };
  });
}

/** A screening and what it gave. */
interface Screened {
  readonly tables: Tables;
  readonly context: StageContext;
  readonly notes: readonly string[];
  readonly outputs: readonly { readonly port: string; readonly path: string; readonly table: WrittenTable }[];
  readonly metrics: JsonObject;
}

const hashOf = ({ table }: Earlier) => table.content;

/** Screens a world; after a last one of the same params where one is given. */
async function screen(tables: Tables, shared: string, last?: Screened): Promise<Screened> {
  const rig = rigContext({
    with: PARAMS,
    shared,
    inputs: {
      images: { "images.parquet": tables.images.path },
      labels: { "labels.parquet": tables.labels.path },
    },
    ...(last ? { previous: previousOf(last, tables) } : {}),
  });
  const inputs = Object.fromEntries(
    Object.entries(rig.inputs).map(([port, input]) => [
      port,
      { ...input, hash: hashOf(tables[port as keyof Tables]) },
    ]),
  );
  const context: StageContext = { ...rig, inputs, blob: async () => Buffer.alloc(0) };
  const result = await stage.run(context);
  const outputs = Object.entries(result.outputs ?? {}).flatMap(([port, files]) =>
    files.flatMap((file) =>
      "table" in file && file.table ? [{ port, path: file.path, table: file.table }] : [],
    ),
  );
  return { tables, context, notes: rig.notes, outputs, metrics: result.metrics ?? {} };
}

function previousOf({ tables: was, context, outputs }: Screened, is: Tables): Previous {
  return {
    table(port, name) {
      const found = outputs.find((output) => output.port === port && output.path === name);
      return found && { path: join(context.outDir(port), name), table: found.table };
    },
    file: () => undefined,
    inputs: { images: hashOf(was.images), labels: hashOf(was.labels) },
    input: (port) => was[port as keyof Tables],
    changed(port) {
      const [a, b] = [was, is].map((tables) => soundParts(tables[port as keyof Tables].table));
      return a && b && differingRanges(a, b);
    },
  };
}

/** All that a screening gives. */
async function givenBy({ context, notes, outputs, metrics }: Screened) {
  const folder = context.outDir("report");
  return {
    tables: outputs.map(({ port, path, table }) => [port, path, table.rows, table.content]),
    report: await sha256File(join(folder, "report.html")),
    metrics,
    notes,
  };
}

/** Tells of the latest screening whether it looked at what changed alone. */
function watchTakingOver(t: TestContext): () => boolean {
  const run = t.mock.method(Duck.prototype, "run");
  return () => {
    const statements = run.mock.calls.map(({ arguments: [sql] }) => String(sql));
    const view = statements.findLast((sql) => sql.startsWith("CREATE VIEW measure"));
    assert.ok(view);
    return view.includes("UNION ALL");
  };
}

const existing = `i < ${COUNT}`;
/** Changes one after another. */
const CHANGES: readonly (readonly [what: string, change: World])[] = [
  ["a picture is another", { picture: "CASE WHEN i = 7 THEN 70007 ELSE i END" }],
  ["an image's labels are others", { tags: "CASE WHEN i = 8 THEN 70008 ELSE i END" }],
  [
    "one goes, one comes",
    {
      images: `${existing} AND i <> 9 OR i = ${COUNT + 3}`,
      labels: `${existing} AND i <> 9 OR i = ${COUNT + 3}`,
    },
  ],
  ["that goes, the other comes back", { images: existing, labels: existing }],
  [
    "a twin goes: the other stays",
    { images: `${existing} AND i <> 203`, labels: `${existing} AND i <> 203` },
  ],
  [
    "labels lose their image, an image its labels",
    { images: `${existing} AND i NOT IN (203, 10)`, labels: `${existing} AND i NOT IN (203, 11)` },
  ],
  ["the labels of two change", { tags: "CASE WHEN i IN (8, 12, 18) THEN i + 70000 ELSE i END" }],
  [
    "two pictures become near to a third",
    { picture: "CASE WHEN i IN (13, 14) THEN 50 WHEN i = 7 THEN 70007 ELSE i END" },
  ],
  ["a constant tag is constant no more", { always: "CASE WHEN i = 16 THEN 0.1 ELSE 0.7 END" }],
  ["nor after another change", { tags: "CASE WHEN i IN (8, 12, 17, 18) THEN i + 70000 ELSE i END" }],
  ["it is constant again", { always: "0.7" }],
];

test("what is taken over of the last screening is what screening all gives", async (t) => {
  const takenOver = watchTakingOver(t);
  const shared = temporaryFolder();
  const base = { images: existing, labels: existing };
  let last = await screen(await tablesOf(base), shared);
  assert.equal(takenOver(), false);
  for (const rule of RULES.filter((name) => name !== "label_quality"))
    assert.ok(Number(last.metrics[rule]) > 0, `${rule} drops nothing: ${JSON.stringify(last.metrics)}`);
  let world: World = base;
  for (const [what, change] of CHANGES) {
    world = { ...world, ...change };
    const tables = await tablesOf(world);
    const now = await screen(tables, shared, last);
    assert.equal(takenOver(), true, what);
    assert.deepEqual(await givenBy(now), await givenBy(await screen(tables, temporaryFolder())), what);
    assert.equal(takenOver(), false, what);
    last = now;
  }
});

test("a tag that is left without a score anywhere is not constant", async (t) => {
  const takenOver = watchTakingOver(t);
  const shared = temporaryFolder();
  const base = { images: existing, labels: existing };
  const first = await screen(await tablesOf({ ...base, always: "CASE WHEN i = 16 THEN 0.1 END" }), shared);
  const tables = await tablesOf({ ...base, always: "NULL" });
  const now = await screen(tables, shared, first);
  assert.equal(takenOver(), true);
  assert.deepEqual(await givenBy(now), await givenBy(await screen(tables, temporaryFolder())));
});

test("of a last screening nothing is taken over where what was kept of it is gone or damaged", async (t) => {
  const takenOver = watchTakingOver(t);
  const shared = temporaryFolder();
  const base = { images: existing, labels: existing };
  const first = await screen(await tablesOf(base), shared);
  const tables = await tablesOf({ ...base, ...CHANGES[0]![1] });
  const expected = await givenBy(await screen(tables, temporaryFolder()));
  for (const name of readdirSync(shared)) {
    const path = join(shared, name);
    const bytes = readFileSync(path);
    writeFileSync(
      path,
      bytes.map((byte, i) => (i === bytes.length >> 1 ? byte ^ 1 : byte)),
    );
    assert.deepEqual(await givenBy(await screen(tables, shared, first)), expected, name);
    assert.equal(takenOver(), false, `${name} was damaged`);
    rmSync(path);
    assert.deepEqual(await givenBy(await screen(tables, shared, first)), expected, name);
    assert.equal(takenOver(), false, `${name} was gone`);
    writeFileSync(path, bytes);
  }
  assert.deepEqual(await givenBy(await screen(tables, shared, first)), expected);
  assert.equal(takenOver(), true);
});
