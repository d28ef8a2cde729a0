import assert from "node:assert/strict";
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { sha256 } from "../../src/core/hash.js";
import type { RunRecord } from "../../src/runner/lineage/record.js";
import { withH5 } from "../../src/student/weights/h5-file.js";
import { kerasLayers } from "../../src/student/weights/keras-h5.js";
import { CliRig } from "../rigs/cli.js";
import { WebRig } from "../rigs/web.js";
import { fates, stageOf } from "./rig.js";

/** Written by Keras: make.py in that folder. */
const KERAS = fileURLToPath(new URL("../../../test/fixtures/keras/", import.meta.url));

const PIPELINE = `version: 1
name: demo
stages:
  crawl: { uses: crawl, with: { source: { type: synthetic, count: 24 } } }
  resize: { uses: resize, inputs: { images: crawl }, with: { size: 8, format: png } }
  label: { uses: label, inputs: { images: resize }, with: { teacher: { type: builtin } } }
  index: { uses: index, inputs: { labels: label } }
  pack: { uses: pack, inputs: { images: resize, labels: label, index: index } }
  train:
    uses: train
    inputs: { data: pack }
    with:
      student:
        layers:
          - { type: Conv2D, name: first, filters: 4, kernel_size: 3, padding: same, activation: relu }
          - { type: BatchNormalization, name: norm }
          - { type: Conv2D, name: second, filters: 5, kernel_size: 3, strides: 2, use_bias: false }
      frozen_layers: 4
      weights: { file: start.h5 }
      epochs: 1
`;

test("a network that does not fit is refused before anything is gathered", async () => {
  const rig = new CliRig();
  rig.write("p.yaml", PIPELINE);
  for (const [override, expected] of [
    ["train.weights=imagenet", /there are no ImageNet weights for a student of your own layers/],
    ["resize.size=2", /the layer second \(Conv2D\) does not fit: its window does not fit into 2 × 2 × 4/],
    ["train.head={layers: [{type: Dropout}]}", /the head ends in feature maps/],
  ] as const) {
    const { code, stdout, stderr } = await rig.pipe("run", "p.yaml", "-S", override);
    assert.equal(code, 2);
    assert.match(stderr, expected);
    assert.equal(stdout, "");
  }
});

test("initial weights: a file by its content, an address once, what does not fit by name", async (t) => {
  const rig = new CliRig();
  rig.write("p.yaml", PIPELINE);
  const start = join(rig.folder, "start.h5");
  copyFileSync(join(KERAS, "keras3-whole.h5"), start);
  const run = async (args: readonly string[] = [], code = 0) => {
    const done = await rig.pipe("run", "p.yaml", "--json", ...args);
    assert.equal(done.code, code, done.stderr);
    return JSON.parse(done.stdout) as RunRecord;
  };
  /** The kernel of the layer `second`, [3, 3, 4, 5], in a model file. */
  const second = (path: string) =>
    withH5(path, "r", (file) => {
      const { readRows } = kerasLayers(file, path).get("second")![0]!;
      return [...readRows(0, 3)];
    });

  const first = await run();
  assert.equal(stageOf(first, "train").status, "ran");
  assert.equal((await rig.pipe("export", "train", "--keras", "tagger.h5")).code, 0);
  assert.deepEqual(await second(join(rig.folder, "tagger.h5")), await second(start), "it was frozen");

  await t.test("other bytes under the same name run train anew, and the reason says so", async () => {
    copyFileSync(join(KERAS, "keras1-notop.h5"), start);
    const plan = await rig.pipe("plan", "p.yaml");
    assert.match(plan.stdout, /train +would run .*(weights|source|identity)/);
    assert.match(fates(await run()), /pack cached, train ran$/);
    copyFileSync(start, join(rig.folder, "moved.h5"));
    assert.match(fates(await run(["-S", "train.weights.file=moved.h5"])), /train cached$/);
    assert.match(fates(await run()), /train cached$/);
  });

  await t.test("an address is asked once, also for another training; the hash decides", async () => {
    const bytes = readFileSync(join(KERAS, "keras2-weights.h5"));
    const web = await WebRig.start({ "/w.h5": (_, response) => void response.end(bytes) });
    const weights = (hash: string) =>
      `train.weights={file: null, url: "${web.url("/w.h5")}", sha256: "${hash}"}`;
    await run(["-S", weights(sha256(bytes))]);
    await run(["-S", weights(sha256(bytes)), "-S", "train.epochs=2"]);
    assert.equal(web.seen.length, 1);
    const wrong = await run(["-S", weights("0".repeat(64))], 1);
    assert.match(stageOf(wrong, "train").failure!.message, /is another file: its sha256 is/);
  });

  await t.test("what does not fit is named", async () => {
    const failed = await run(["-S", "train.weights={file: start.h5, include_top: true}"], 1);
    assert.match(stageOf(failed, "train").failure!.message, /start\.h5 do not fit the network:\n.*dense: /s);
    const missing = await run(["-S", "train.weights.file=none.h5"], 1);
    assert.match(stageOf(missing, "train").failure!.message, /the weights none\.h5 cannot be read/);
  });
});
