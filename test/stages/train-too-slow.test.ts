import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { tooSlow, type Work } from "../../src/stages/train/too-slow.js";
import { CliRig } from "../rigs/cli.js";

const square = (side: number) => ({ width: side, height: side });

describe("a training that wasm would take days for", () => {
  const SEED: Work = { student: "vgg16", engine: "wasm", size: square(224), epochs: 12, samples: 5000 };

  it("is refused by what it would take", () => {
    const refusal = tooSlow(SEED);
    // 504 ms · (224 / 64)² = 6.2 s an image, 60,000 images are 103 hours; 60,000 · 399 ms are 6.7 hours.
    assert.equal(
      refusal?.message,
      "vgg16 at 224 × 224 pixels is too slow on wasm, about 6.2 s an image: 4 days for 12 epochs of 5,000 images, 7 hours on the native engine",
    );
    assert.match(refusal.hint, /pipe engine install/);
    assert.match(
      tooSlow({ ...SEED, samples: undefined })!.message,
      /21 hours for 12 epochs of every 1,000 images/,
    );
    assert.ok(tooSlow({ ...SEED, student: "vgg19", size: square(112) }));
  });

  it("is not, at sizes and with students that wasm can bear, or on the native engine", () => {
    assert.equal(tooSlow({ ...SEED, size: square(64) }), undefined);
    assert.equal(tooSlow({ ...SEED, student: "vgg-small" }), undefined);
    assert.equal(tooSlow({ ...SEED, student: { layers: [] } }), undefined);
    assert.equal(tooSlow({ ...SEED, engine: "tensorflow" }), undefined);
  });
});

describe("pipe run", () => {
  const rig = new CliRig();
  rig.write(
    "p.yaml",
    `version: 1
name: demo
params: { size: 224 }
stages:
  crawl: { uses: crawl, with: { source: { type: synthetic, count: 3, seed: 7 } } }
  resize: { uses: resize, inputs: { images: crawl }, with: { size: "\${params.size}" } }
  label: { uses: label, inputs: { images: resize }, with: { teacher: { type: builtin } } }
  index: { uses: index, inputs: { labels: label }, with: { top: 5 } }
  pack: { uses: pack, inputs: { images: resize, labels: label, index: index }, with: { holdout: { count: 1 } } }
  train: { uses: train, inputs: { data: pack }, with: { student: vgg16 } }
`,
  );

  it("refuses it before anything is begun, and pipe plan says why", async () => {
    for (const engine of ["auto", "wasm"]) {
      const done = await rig.pipe("run", "p.yaml", "-S", `train.engine=${engine}`);
      assert.equal(done.code, 2, done.stderr);
      assert.match(
        done.stderr,
        /^error: train cannot run here: vgg16 at 224 × 224 pixels is too slow on wasm/m,
      );
      assert.match(done.stderr, /hint: pipe engine install/);
      assert.doesNotMatch(done.stderr, /crawl/);
    }
    const plan = await rig.pipe("plan", "p.yaml");
    assert.equal(plan.code, 0);
    assert.match(plan.stdout, /^train cannot run here: vgg16 at 224 × 224 pixels/m);
    const json = JSON.parse((await rig.pipe("plan", "p.yaml", "--json")).stdout);
    assert.deepEqual(
      json.stages.flatMap((stage: { name: string; refused?: object }) => (stage.refused ? [stage.name] : [])),
      ["train"],
    );
  });

  it("runs up to a stage before it", async () => {
    const done = await rig.pipe("run", "p.yaml", "pack");
    assert.equal(done.code, 0, done.stderr);
  });
});
