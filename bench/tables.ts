/**
 * screen, index and pack over a synthetic table: seconds and peak memory of each stage in a process of its own, as the
 * stage host would run it; pack with all shards there already, and with none. Run: node dist/bench/tables.js [rows, default 1000000]
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { NO_PREVIOUS, type StageContext, type StageModule } from "../src/contract/stage.js";
import { Duck, sqlString } from "../src/core/duck.js";
import type { JsonObject } from "../src/core/json.js";

const SCREEN = {
  exact_duplicates: { enabled: true },
  near_duplicates: { enabled: true, distance: 3, action: "drop" },
  constant_scores: { enabled: true, max_std: 0.001, min_images: 20 },
  collapsed: { enabled: true, max_share: 0.1, min_images: 20, min_score: 0.5 },
  few_tags: { enabled: true, min_tags: 1, min_score: 0.5 },
  many_tags: { enabled: true, max_tags: 100, min_score: 0.5 },
  unsafe: {},
  label_quality: { enabled: true, min_quality: 0.1, positive_at: 0.5 },
};

/** A picture's bytes: what reading one from the store would give. */
const PICTURE = Buffer.alloc(600, 1);

interface Step {
  /** The kind, where the step has another name. */
  readonly kind?: string;
  /** No part of the output was made before. */
  readonly fresh?: true;
  readonly with: JsonObject;
  /** Input port → table, as a path under the bench's folder. */
  readonly inputs: Readonly<Record<string, string>>;
}

const PACK: Step = {
  kind: "pack",
  with: { holdout: { share: 0.2 }, samples_per_shard: 1000 },
  inputs: {
    images: "images.parquet",
    labels: "screen/labels/labels.parquet",
    index: "index/index/index.parquet",
  },
};

const STEPS: Readonly<Record<string, Step>> = {
  screen: { with: SCREEN, inputs: { images: "images.parquet", labels: "labels.parquet" } },
  index: {
    with: { top: 5000, min_count: 1, min_score: 0 },
    inputs: { labels: "screen/labels/labels.parquet" },
  },
  "pack, no shard": { ...PACK, fresh: true },
  "pack, no change": PACK,
};

/**
 * Per image about ten tags of 20,000 with a skew like that of natural language, in the given share: 30 % carry a tag
 * of constant score, 15 % one and the same tag set, 2 % the bytes of another, 5 % a hash two bits from another's,
 * 10 % a hash half of which is a plain area's.
 */
async function makeTables(folder: string, rows: number): Promise<void> {
  const duck = await Duck.open({ scratch: join(folder, "scratch"), threads: 2 });
  // A number in [0, 1) that follows from a seed and the row.
  const unit = (seed: string, of: string) => `(hash(${of}, '${seed}') / 18446744073709551616.0)`;
  await duck.run(`COPY (
    SELECT printf('img-%08d', i) AS id,
      sha256(printf('%d', CASE WHEN ${unit("copy", "i")} < 0.02 AND i > 0 THEN i - 1 ELSE i END)) AS blob,
      2000::BIGINT AS bytes, 'jpeg' AS format, 64::BIGINT AS width, 64::BIGINT AS height,
      printf('%016x', CASE
        WHEN ${unit("near", "i")} < 0.05 AND i > 0 THEN xor(hash(i - 1, 'd'), (1::UBIGINT << (i % 64)) | (1::UBIGINT << ((i * 7) % 64)))
        WHEN ${unit("plain", "i")} < 0.10 THEN hash(i, 'd') & 281470681808895
        ELSE hash(i, 'd') END) AS dhash
    FROM range(${rows}) t(i)) TO ${sqlString(join(folder, "images.parquet"))} (FORMAT parquet)`);
  await duck.run(`COPY (
    SELECT printf('img-%08d', i) AS id,
      CASE WHEN ${unit("collapse", "i")} < 0.15
        THEN [{'tag': 'sky', 'score': 0.97}, {'tag': 'water', 'score': 0.6}]
        ELSE list_transform(range(2 + (hash(i, 'n') % 16)::BIGINT), k -> {
          'tag': printf('tag %05d', floor(20000 * pow(hash(i, k) / 18446744073709551616.0, 3))::BIGINT),
          'score': 0.99 - round(k * 0.04, 4) - (hash(i, k, 's') % 300) / 10000.0 })
          || CASE WHEN ${unit("constant", "i")} < 0.3 THEN [{'tag': 'photograph', 'score': 0.5}] ELSE [] END
      END::STRUCT(tag VARCHAR, score DOUBLE)[] AS labels,
      NULL::VARCHAR AS raw
    FROM range(${rows}) t(i)) TO ${sqlString(join(folder, "labels.parquet"))} (FORMAT parquet)`);
  duck.close();
}

/** Runs one step in this process and prints its figures as JSON. */
async function runStep(name: string, folder: string): Promise<void> {
  const step = STEPS[name]!;
  const start = performance.now();
  const { stage } = (await import(`../src/stages/${step.kind ?? name}/run.js`)) as { stage: StageModule };
  const make = (path: string) => {
    mkdirSync(path, { recursive: true });
    return path;
  };
  const context: StageContext = {
    with: step.with,
    inputs: Object.fromEntries(
      Object.entries(step.inputs).map(([port, path]) => [
        port,
        { hash: "", files: [], path: () => join(folder, path) },
      ]),
    ),
    base: folder,
    shared: make(join(folder, "shared")),
    scratch: make(join(folder, name, "scratch")),
    logs: folder,
    seed: 0,
    impl: {},
    cpus: 2,
    signal: new AbortController().signal,
    progress() {},
    note: (message) => console.error(`  ${name}: ${message}`),
    usage() {},
    secret: () => "",
    hasSecret: () => false,
    blob: async () => PICTURE,
    outDir: (port) => make(join(folder, name, port)),
    memo: { get: () => (step.fresh ? undefined : "0".repeat(64)), set() {} },
    previous: NO_PREVIOUS,
  };
  const { metrics } = await stage.run(context);
  const seconds = (performance.now() - start) / 1000;
  console.log(JSON.stringify({ seconds, peakMiB: process.resourceUsage().maxRSS / 1024, metrics }));
}

function inChild(...args: string[]): string {
  const child = spawnSync(process.execPath, [fileURLToPath(import.meta.url), ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (child.status !== 0) throw new Error(`${args[0]} ended with ${child.status ?? child.signal}`);
  return child.stdout;
}

async function main(args: readonly string[]): Promise<void> {
  const [first = "1000000", name, folder] = args;
  if (first === "make") return makeTables(folder!, Number(name));
  if (first === "step") return runStep(name!, folder!);
  const scratch = mkdtempSync(join(tmpdir(), "pipestill-bench-"));
  try {
    inChild("make", first, scratch);
    console.log(`${first} rows, Node ${process.version}`);
    console.log("stage            seconds  peak MiB  metrics");
    for (const step of Object.keys(STEPS)) {
      const { seconds, peakMiB, metrics } = JSON.parse(inChild("step", step, scratch));
      console.log(
        `${step.padEnd(16)} ${seconds.toFixed(1).padStart(7)} ${peakMiB.toFixed(0).padStart(9)}  ${JSON.stringify(metrics)}`,
      );
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

await main(process.argv.slice(2));
