import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { sha256FileSync } from "../../src/core/hash.js";
import type { JsonObject } from "../../src/core/json.js";
import { stage } from "../../src/stages/train/run.js";
import { rigContext } from "../rigs/context.js";
import { temporaryFolder } from "../rigs/folder.js";
import { writeData } from "../student/data.js";
import { WITH } from "./train-params.js";

const convolution = { type: "Conv2D", filters: 64, kernel_size: 3, padding: "same", activation: "relu" };

/**
 * Computing the frozen layers of this network takes many times as long as reading what they give, so that no load of
 * the machine changes the decision to read.
 */
const FROZEN = {
  ...WITH,
  student: {
    layers: [
      ...[1, 2, 3].map(() => convolution),
      { type: "MaxPooling2D", pool_size: 8, strides: 8 },
      { ...convolution, filters: 8 },
    ],
  },
  frozen_layers: 4,
  flip: false,
  epochs: 2,
  batch: 4,
  head: { pool: "average", units: [8] },
  feature_cache: { max_bytes: "20GB", precision: "float32" },
};
/** Of the features, 8 × 8 × 64. */
const VALUES = 4096;
/** Images in three shards of 3, 3 and 2. */
const IMAGES = 8;

let data: Record<string, string>;

before(async () => {
  data = await writeData(temporaryFolder(), { train: IMAGES, side: 64, broken: [4], table: true });
});

interface Options {
  readonly shared?: string;
  readonly data?: Record<string, string>;
  /** Told of each image count that was computed. */
  readonly onPrepared?: (text: string) => void;
  readonly signal?: AbortSignal;
}

/** Trains; `computed` counts the batches of features that were computed. */
async function train(params: JsonObject, options: Options = {}) {
  const shared = options.shared ?? temporaryFolder();
  const context = rigContext({
    with: { ...FROZEN, ...params },
    inputs: { data: options.data ?? data },
    seed: 5,
    shared,
    ...(options.signal ? { signal: options.signal } : {}),
  });
  let computed = 0;
  const { metrics } = await stage.run({
    ...context,
    progress: (_, __, text) => {
      if (!text?.startsWith("frozen features")) return;
      computed++;
      options.onPrepared?.(text);
    },
  });
  const model = (name: string) => join(context.outDir("model"), name);
  return {
    shared,
    computed,
    metrics,
    notes: context.notes.join("\n"),
    weights: sha256FileSync(model("weights.bin")),
    history: readFileSync(model("history.jsonl"), "utf8"),
  };
}

/** Paths of all feature files below a shared folder. */
function files(shared: string): string[] {
  return readdirSync(shared, { recursive: true, encoding: "utf8" })
    .filter((path) => statSync(join(shared, path)).isFile())
    .map((path) => join(shared, path))
    .sort();
}

const none = { feature_cache: { max_bytes: 0, precision: "float32" } };

describe("frozen features", () => {
  it("change nothing, to the bit; each is computed once, whatever the epochs", async () => {
    const without = await train(none);
    assert.equal(without.computed, 0);
    assert.deepEqual(files(without.shared), []);
    const kept = await train({});
    assert.match(
      kept.notes,
      /frozen features are kept: reading them takes .* ms an image, computing them .* ms/,
    );
    assert.equal(kept.computed, 3);
    assert.equal(kept.weights, without.weights);
    assert.equal(kept.history, without.history);
    assert.equal(kept.metrics?.broken, 1);
    const bytes = files(kept.shared).map((path) => statSync(path).size);
    assert.equal(bytes.length, 3);
    for (const [i, images] of [3, 3, 2].toSorted().entries()) {
      const rest = bytes.toSorted((a, b) => a - b)[i]! - images * VALUES * 4;
      assert.ok(rest > 0 && rest < 500, `${rest} bytes beside the features`);
    }
  });

  it("cost another training with the same frozen layers nothing, whatever else differs", async () => {
    const first = await train({ epochs: 1 });
    const other = {
      epochs: 1,
      dropout: 0.5,
      loss: "kl",
      batch: 3,
      validation: 0.3,
      head: { pool: "max", units: [] },
    };
    const second = await train(other, { shared: first.shared });
    assert.equal(second.computed, 0);
    assert.equal(second.weights, (await train({ ...other, ...none })).weights);
    // Other values of the frozen layers: other input, fewer layers, other initial weights.
    for (const change of [{ preprocess: "tf" }, { frozen_layers: 3 }]) {
      assert.equal((await train({ epochs: 1, ...change }, { shared: first.shared })).computed, 3);
    }
  });

  it("of a shard that changed are computed, those of the others are not", async () => {
    const { shared } = await train({ epochs: 1 });
    const other = await writeData(temporaryFolder(), { train: IMAGES + 1, side: 64 });
    const changed = { ...data, "shards/train-2.tar": other["shards/train-2.tar"]! };
    assert.equal((await train({ epochs: 1 }, { shared, data: changed })).computed, 1);
  });

  it("are not kept over max_bytes, which is said, nor of augmented images", async () => {
    const small = await train({ epochs: 1, feature_cache: { max_bytes: "120kB", precision: "float32" } });
    assert.match(
      small.notes,
      /frozen features would take .* GB, feature_cache.max_bytes allows .* computed anew/,
    );
    assert.equal(small.weights, (await train({ epochs: 1, ...none })).weights);
    for (const change of [{ flip: true }, { crop: 0.1 }, { colour: 0.1 }]) {
      const changed = await train({ epochs: 1, ...change });
      assert.equal(changed.computed, 0);
      assert.deepEqual(files(small.shared).concat(files(changed.shared)), []);
    }
  });

  it("take half the space in half precision, and give the same whether they are kept or not", async () => {
    const half = { max_bytes: "20GB", precision: "float16" };
    const kept = await train({ epochs: 1, feature_cache: half });
    const bytes = files(kept.shared).reduce((sum, path) => sum + statSync(path).size, 0);
    assert.ok(bytes < IMAGES * VALUES * 2 + 1500, `${bytes} bytes`);
    const anew = await train({ epochs: 1, feature_cache: { ...half, max_bytes: 0 } });
    assert.equal(kept.weights, anew.weights);
    assert.notEqual(kept.weights, (await train({ epochs: 1, ...none })).weights);
  });

  it("that are damaged are noticed and made again", async () => {
    const first = await train({});
    const whole = new Map(files(first.shared).map((path) => [path, readFileSync(path)]));
    for (const damage of [
      (bytes: Buffer) => bytes.fill(bytes[100]! ^ 1, 100, 101),
      (bytes: Buffer) => bytes.subarray(0, -40),
      () => Buffer.alloc(0),
    ]) {
      for (const [path, bytes] of whole) writeFileSync(path, damage(Buffer.from(bytes)));
      const again = await train({}, { shared: first.shared });
      assert.match(
        again.notes,
        /the features of shards\/train-\d\.tar are made again: (sample|its end|it is)/,
      );
      assert.equal(again.weights, first.weights);
    }
  });

  it("are made shard by shard: a training that is stopped has those it had finished", async () => {
    const abort = new AbortController();
    const shared = temporaryFolder();
    let batches = 0;
    const onPrepared = () => {
      batches++;
      if (batches === 2) abort.abort();
    };
    await assert.rejects(train({ epochs: 1 }, { shared, onPrepared, signal: abort.signal }));
    const made = files(shared);
    assert.ok(made.length >= 1 && made.length < 3, made.join(" "));
    assert.ok(made.every((path) => path.endsWith(".features")));
    const { computed, weights } = await train({ epochs: 1 }, { shared });
    assert.equal(computed, 3 - made.length);
    assert.equal(weights, (await train({ epochs: 1, ...none })).weights);
  });
});
