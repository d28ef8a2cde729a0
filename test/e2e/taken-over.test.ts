import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { writeTiny } from "../../bench/pictures.js";
import { fates, hashes, PhotoRig, stageOf } from "./rig.js";

const PIPELINE = `version: 1
name: many
stages:
  crawl: { uses: crawl, with: { source: { type: local, path: pictures } } }
  label: { uses: label, inputs: { images: crawl }, with: { teacher: { type: builtin } } }
  screen: { uses: screen, inputs: { images: crawl, labels: label }, with: { few_tags: { enabled: false }, collapsed: { enabled: false } } }
  index: { uses: index, inputs: { labels: screen }, with: { min_count: 1 } }
  pack: { uses: pack, inputs: { images: crawl, labels: screen, index: index }, with: { samples_per_shard: 100 } }
`;
/** Enough for tables of several parts. */
const COUNT = 5000;

const name = (i: number) =>
  `pictures/${String(i).padStart(7, "0").slice(0, 4)}/${String(i).padStart(7, "0")}.png`;

test("what is taken over from the last result is what an empty store would give", async () => {
  const rig = new PhotoRig();
  rig.write("p.yaml", PIPELINE);
  const pictures = join(rig.folder, "pictures");
  const write = (i: number, generation: number) => writeTiny(pictures, 2, i, generation);
  for (let i = 0; i < COUNT; i++) write(i, 0);
  const remove = (i: number) => rmSync(join(rig.folder, name(i)));
  const first = await rig.run();
  assert.match(fates(first), /^crawl ran 5000\/5000, label ran 5000\/5000, screen ran, index ran, pack ran$/);

  const changes: readonly (readonly [what: string, change: () => void, crawl: string])[] = [
    ["a picture is written anew", () => write(7, 1), "1/5000"],
    ["one goes", () => remove(1234), "0/4999"],
    ["one comes", () => write(COUNT + 1000, 0), "1/5000"],
    ["one breaks", () => writeFileSync(join(rig.folder, name(77)), "no picture"), "1/5000"],
    [
      "it is mended, another breaks",
      () => [write(77, 0), writeFileSync(join(rig.folder, name(78)), "")],
      "1/5000",
    ],
    [
      "one becomes another's twin",
      () => writeFileSync(join(rig.folder, name(80)), readFileSync(join(rig.folder, name(81)))),
      "0/5000",
    ],
    [
      "many change",
      () => {
        for (let i = 2000; i < 2040; i++) write(i, 3);
      },
      "40/5000",
    ],
  ];
  const seen: Record<string, string>[] = [];
  for (const [what, change, crawl] of changes) {
    change();
    const record = await rig.run();
    assert.match(fates(record), new RegExp(`^crawl ran ${crawl}, label ran`), what);
    const { items } = stageOf(record, "crawl");
    assert.equal((items?.processed ?? 0) + (items?.reused ?? 0), items?.total, what);
    seen.push(hashes(record));
    if (what !== "it is mended, another breaks" && what !== "many change") continue;
    const whole = await rig.run(["--store", "other"]);
    assert.deepEqual(hashes(record), hashes(whole), what);
    for (const stage of ["crawl", "label", "screen", "pack"]) {
      const [own, other] = [stageOf(record, stage), stageOf(whole, stage)];
      assert.deepEqual(own.notes, other.notes, what);
      assert.deepEqual({ ...own.metrics, shards_written: 0 }, { ...other.metrics, shards_written: 0 }, what);
    }
    rmSync(join(rig.folder, "other"), { recursive: true });
  }
  assert.equal(new Set(seen.map((one) => one["crawl.images"])).size, changes.length);

  // Rows that stand in the last result need no item cache.
  rmSync(join(rig.folder, "artifacts/cache/items"), { recursive: true });
  write(8, 1);
  const { items } = stageOf(await rig.run(), "crawl");
  assert.ok(items && items.processed > 0 && items.processed < COUNT / 10, JSON.stringify(items));
});
