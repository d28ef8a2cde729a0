import assert from "node:assert/strict";
import {
  chmodSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import type { RunRecord } from "../../src/runner/lineage/record.js";
import { fates, hashes, PHOTOS, PhotoRig, stageOf } from "../e2e/rig.js";

/** Item stages, a whole stage over a table, and one that reads the blobs that rows name. */
const DATASET = `${PHOTOS}  index: { uses: index, inputs: { labels: label } }
  pack: { uses: pack, inputs: { images: resize, labels: label, index: index }, with: { holdout: { share: 0.4 } } }
`;
const REST = "index cached, pack cached";

function flip(path: string, at?: number): void {
  const bytes = readFileSync(path);
  const place = at ?? bytes.length >> 1;
  bytes[place] = bytes[place]! ^ 255;
  chmodSync(path, 0o644);
  writeFileSync(path, bytes);
}

function halve(path: string): void {
  chmodSync(path, 0o644);
  truncateSync(path, readFileSync(path).length >> 1);
}

/** A store that one run has filled. */
class Filled {
  readonly root: string;

  constructor(
    readonly rig: PhotoRig,
    readonly first: RunRecord,
  ) {
    this.root = join(rig.folder, "artifacts");
    cpSync(this.root, `${this.root}.sound`, { recursive: true, verbatimSymlinks: true });
  }

  static async make(): Promise<Filled> {
    const rig = new PhotoRig();
    rig.write("p.yaml", DATASET);
    await rig.pictures(6);
    return new Filled(rig, await rig.run());
  }

  /** The store as the run left it. */
  restore(): void {
    rmSync(this.root, { recursive: true, force: true });
    cpSync(`${this.root}.sound`, this.root, { recursive: true, verbatimSymlinks: true });
  }

  /** The manifest of an output. */
  tree(output: string): string {
    return join(this.root, "trees", `${hashes(this.first)[output]}.json`);
  }

  /** The file in the store behind the first file of an output that ends so. */
  file(output: string, ending: string): string {
    const { entries } = JSON.parse(readFileSync(this.tree(output), "utf8"));
    const name = Object.keys(entries).find((path) => path.endsWith(ending))!;
    const { blob } = entries[name] as { blob: string };
    return join(this.root, "store", blob.slice(0, 2), blob.slice(2));
  }

  result(stage: string): string {
    return join(this.root, "results", `${stageOf(this.first, stage).fingerprint}.json`);
  }

  /** The file of a stage's only segment of the item cache. */
  segment(stage: string, ending: string): string {
    const { space } = JSON.parse(readFileSync(this.result(stage), "utf8"));
    const folder = join(this.root, "cache/items", space);
    return join(folder, readdirSync(folder).find((name) => name.endsWith(ending))!);
  }

  /** A file of the pack that holds a stage's blobs: it has the segment's name. */
  pack(stage: string, ending: string): string {
    const [name] = this.segment(stage, ".parquet").split("/").at(-1)!.split(".");
    return join(this.root, "store/packs", name + ending);
  }

  /** What `pipe verify` names, by kind. */
  async broken(...args: readonly string[]): Promise<string[]> {
    const done = await this.rig.pipe("verify", "--json", ...args);
    const { problems } = JSON.parse(done.stdout) as { problems: { what: string; fixed: boolean }[] };
    assert.equal(done.code, problems.every(({ fixed }) => fixed) ? 0 : 1, done.stderr);
    return problems.map(({ what }) => what).sort();
  }
}

interface Fault {
  readonly name: string;
  readonly damage: (store: Filled) => void;
  /** What `pipe verify` finds. */
  readonly found: readonly string[];
  /** A run that needs what is damaged. */
  readonly run: readonly string[];
  /** A pattern where pictures that were done before the damage was met are kept. */
  readonly fates: string | RegExp;
  /** What the run says of it, one line each; nothing where what is missing is no damage. */
  readonly said: readonly RegExp[];
}

const FAULTS: readonly Fault[] = [
  {
    name: "a flipped byte in a table that an item stage maps",
    damage: (store) => flip(store.file("resize.images", ".parquet")),
    found: ["blob"],
    run: ["--force", "label"],
    fates: `crawl cached, resize ran 0/6, label ran 0/6, ${REST}`,
    said: [/^blob \w+ was damaged: moved to damaged\/; it is made again$/],
  },
  {
    name: "a flipped byte in a table that a whole stage reads",
    damage: (store) => flip(store.file("label.labels", ".parquet")),
    found: ["blob"],
    run: ["--force", "index"],
    fates: "crawl cached, resize cached, label ran 0/6, index ran, pack cached",
    said: [/^blob \w+ was damaged: moved to damaged\/; it is made again$/],
  },
  {
    name: "a shortened table",
    damage: (store) => halve(store.file("resize.images", ".parquet")),
    found: ["blob", "result"],
    run: ["--force", "label"],
    fates: `crawl cached, resize ran 0/6, label ran 0/6, ${REST}`,
    said: [],
  },
  {
    name: "a missing table",
    damage: (store) => rmSync(store.file("resize.images", ".parquet")),
    found: ["result"],
    run: ["--force", "label"],
    fates: `crawl cached, resize ran 0/6, label ran 0/6, ${REST}`,
    said: [],
  },
  {
    name: "a missing shard of the result that was asked for",
    damage: (store) => rmSync(store.file("pack.dataset", ".tar")),
    found: ["result"],
    run: [],
    fates: "crawl cached, resize cached, label cached, index cached, pack ran",
    said: [],
  },
  {
    name: "a flipped byte in a blob of a pack",
    damage: (store) => flip(store.pack("crawl", ".pack"), 70),
    found: ["blob"],
    run: ["-S", "params.size=16"],
    fates: /^crawl ran 1\/6, resize ran [1-6]\/6, label ran 6\/6, index ran, pack ran$/,
    said: [/^blob \w+ was damaged: struck from pack \w+; it is made again$/],
  },
  {
    name: "a flipped byte in a record's header, and no index",
    damage: (store) => {
      flip(store.pack("crawl", ".pack"), 0);
      rmSync(store.pack("crawl", ".idx"));
    },
    found: ["pack", "result"],
    run: ["-S", "params.size=16"],
    // Behind the header nothing is found: each blob is missed when it is needed.
    fates: /^crawl ran 1\/6, resize ran [1-6]\/6, label ran 6\/6, index ran, pack ran$/,
    said: [/^the index of pack \w+ was/, ...Array(6).fill(/^blob \w+ was missing; it is made again$/)],
  },
  {
    name: "a shortened pack",
    damage: (store) => halve(store.pack("crawl", ".pack")),
    found: ["pack", "result", "segment"],
    run: ["-S", "params.size=16"],
    fates: /^crawl ran 6\/6, resize ran [1-6]\/6, label ran 6\/6, index ran, pack ran$/,
    // How many blobs are missed before their segment is met is the order of the pictures.
    said: [/^the index of pack/, /^blob \w+ was missing/, /^segment \w+ of the item cache has lost its pack/],
  },
  {
    name: "a missing pack",
    damage: (store) => rmSync(store.pack("crawl", ".pack")),
    found: ["result", "segment"],
    run: ["-S", "params.size=16"],
    fates: /^crawl ran 6\/6, resize ran [1-6]\/6, label ran 6\/6, index ran, pack ran$/,
    said: [/^blob \w+ was missing; it is made again$/, /^segment \w+ of the item cache has lost its pack/],
  },
  {
    name: "a missing pack index",
    damage: (store) => rmSync(store.pack("resize", ".idx")),
    found: ["pack"],
    run: ["--force", "pack"],
    fates: "crawl cached, resize cached, label cached, index cached, pack ran",
    said: [/^the index of pack \w+ was missing or damaged and is made again$/],
  },
  {
    name: "a damaged pack index",
    damage: (store) => flip(store.pack("resize", ".idx")),
    found: ["pack"],
    run: ["--force", "pack"],
    fates: "crawl cached, resize cached, label cached, index cached, pack ran",
    said: [/^the index of pack \w+ was missing or damaged and is made again$/],
  },
  {
    name: "a flipped byte in a segment of the item cache",
    damage: (store) => flip(store.segment("label", ".parquet")),
    found: ["segment"],
    run: ["--force", "label"],
    fates: `crawl cached, resize cached, label ran 6/6, ${REST}`,
    said: [/^segment \w+ of the item cache was damaged: its items are made anew$/],
  },
  {
    name: "a shortened segment",
    damage: (store) => halve(store.segment("label", ".parquet")),
    found: ["segment"],
    run: ["--force", "label"],
    fates: `crawl cached, resize cached, label ran 6/6, ${REST}`,
    said: [/^segment \w+ of the item cache was damaged: its items are made anew$/],
  },
  {
    name: "a broken manifest of a segment",
    damage: (store) => flip(store.segment("label", ".json"), 2),
    found: ["segment"],
    run: ["--force", "label"],
    fates: `crawl cached, resize cached, label ran 6/6, ${REST}`,
    said: [/^segment \w+ of the item cache was damaged: its items are made anew$/],
  },
  {
    name: "a missing segment",
    damage: (store) => rmSync(store.segment("label", ".parquet")),
    found: [],
    run: ["--force", "label"],
    fates: `crawl cached, resize cached, label ran 6/6, ${REST}`,
    said: [],
  },
  {
    name: "no cache folder",
    damage: (store) => rmSync(join(store.root, "cache"), { recursive: true }),
    found: [],
    run: ["--force", "label"],
    fates: `crawl cached, resize cached, label ran 6/6, ${REST}`,
    said: [],
  },
  {
    name: "a broken manifest of an artifact that is needed",
    damage: (store) => writeFileSync(store.tree("resize.images"), "{"),
    found: ["result", "tree"],
    run: ["--force", "label"],
    fates: `crawl cached, resize ran 0/6, label ran 0/6, ${REST}`,
    said: [/^the manifest of artifact \w+ was damaged and is set aside$/],
  },
  {
    name: "a broken manifest of an artifact that nothing needs",
    damage: (store) => flip(store.tree("resize.images")),
    found: ["result", "tree"],
    run: [],
    fates: `crawl cached, resize cached, label cached, ${REST}`,
    said: [/^the manifest of artifact \w+ was damaged and is set aside$/],
  },
  {
    name: "a broken result",
    damage: (store) => halve(store.result("resize")),
    found: ["latest", "result"],
    run: [],
    fates: `crawl cached, resize ran 0/6, label cached, ${REST}`,
    said: [/^the result \w+ was damaged and is set aside$/],
  },
  {
    name: "no latest folder",
    damage: (store) => rmSync(join(store.root, "latest"), { recursive: true }),
    found: [],
    run: [],
    fates: `crawl cached, resize cached, label cached, ${REST}`,
    said: [],
  },
];

describe("damage is found, set aside and healed by making anew only what is needed", () => {
  let store: Filled;
  before(async () => {
    store = await Filled.make();
  });

  for (const fault of FAULTS) {
    test(fault.name, async () => {
      store.restore();
      fault.damage(store);
      assert.deepEqual(await store.broken(), fault.found);

      store.restore();
      fault.damage(store);
      const { rig, first } = store;
      const done = await rig.pipe("run", "p.yaml", "--json", ...fault.run);
      assert.equal(done.code, 0, done.stderr);
      const record = JSON.parse(done.stdout) as RunRecord;
      const said = done.stderr.split("\n").flatMap((line) => line.match(/^store {2}(.*)$/)?.[1] ?? []);
      assert.equal(said.length, fault.said.length, done.stderr);
      for (const [i, pattern] of fault.said.entries()) assert.match(said[i]!, pattern);
      if (typeof fault.fates === "string") assert.equal(fates(record), fault.fates);
      else assert.match(fates(record), fault.fates);
      if (fault.run[0] !== "-S") assert.deepEqual(hashes(record), hashes(first));
      assert.equal(hashes(record)["crawl.images"], hashes(first)["crawl.images"]);
      assert.ok(existsSync(join(store.root, "latest/photos/pack/dataset.json")));
    });
  }

  test("all at once: pipe verify --fix takes it out of use, and the next run makes it again", async () => {
    store.restore();
    const { rig, root, first } = store;
    flip(store.file("resize.images", ".parquet"));
    rmSync(store.file("pack.dataset", ".tar"));
    flip(store.segment("label", ".parquet"));
    flip(store.pack("crawl", ".pack"), 70);
    rmSync(store.pack("crawl", ".idx"));
    halve(store.pack("resize", ".pack"));
    writeFileSync(store.tree("index.index"), "{");
    halve(store.result("label"));
    halve(join(root, "runs", first.runId, "record.json"));
    const found = new Set(await store.broken("--fix"));
    assert.deepEqual([...found], ["blob", "latest", "pack", "result", "run", "segment", "tree"]);
    assert.deepEqual(await store.broken(), []);
    const record = await rig.run();
    assert.equal(fates(record), "crawl ran 1/6, resize ran 6/6, label ran 6/6, index ran, pack ran");
    assert.deepEqual(hashes(record), hashes(first));
  });

  test("a damaged or shortened shard is written anew, not reused", async () => {
    for (const damage of [flip, halve]) {
      store.restore();
      const shard = store.file("pack.dataset", ".tar");
      damage(shard);
      const record = await store.rig.run(["--force", "pack"]);
      assert.equal(stageOf(record, "pack").metrics.shards_written, 1);
      assert.deepEqual(hashes(record), hashes(store.first));
      assert.deepEqual(await store.broken(), []);
    }
  });

  test("a broken run record: the run is read from its events", async () => {
    store.restore();
    const { rig, root, first } = store;
    halve(join(root, "runs", first.runId, "record.json"));
    const listed = await rig.pipe("runs", "--json");
    assert.equal(
      listed.stderr,
      `store  the record of run ${first.runId} was damaged and is set aside; it is read from its events\n`,
    );
    assert.deepEqual(
      JSON.parse(listed.stdout).map((run: RunRecord) => [run.runId, run.status, run.stages.length]),
      [[first.runId, "succeeded", 5]],
    );
    assert.equal((await rig.pipe("runs")).stderr, "");
  });
});
