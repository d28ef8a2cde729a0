import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { type Engine, openEngine } from "../../src/engine/engine.js";
import type { StoredStudent } from "../../src/student/model-file.js";
import { readModel, Student, saveStudent } from "../../src/student/model-file.js";
import { Network, type NetworkSpec } from "../../src/student/network.js";
import { openStudent } from "../../src/student/open-student.js";
import type { StudentInfo } from "../../src/student/student-info.js";
import { writeKeras } from "../../src/student/weights/export-keras.js";
import { writeTfjs } from "../../src/student/weights/export-tfjs.js";
import { exportedModel } from "../../src/student/weights/exported.js";
import { withH5 } from "../../src/student/weights/h5-file.js";
import { assertClose, pixels } from "../engine/numeric.js";
import { temporaryFolder } from "../rigs/folder.js";

let engine: Engine;
before(async () => {
  engine = await openEngine("wasm");
});

const TAGS = ["cat", "dög", "猫"];
const IMAGES = [1, 2].map((seed) =>
  Uint8Array.from(pixels([8, 8, 3], seed), (v) => Math.floor((v + 1) * 128)),
);

/** A model on disk and what it predicts for IMAGES. */
async function trained(spec: Partial<NetworkSpec> = {}): Promise<StoredStudent & { scores: Float32Array }> {
  const whole: NetworkSpec = {
    architecture: "layers",
    layers: [
      { type: "Conv2D", filters: 4, kernel_size: 3, activation: "silu" },
      { type: "BatchNormalization" },
    ],
    size: { width: 8, height: 8 },
    tags: TAGS.length,
    preprocess: "tf",
    dropout: 0.3,
    seed: 2,
    ...spec,
  };
  const network = new Network(whole);
  const { tags: _, seed: __, ...shape } = whole;
  const info: StudentInfo = { ...shape, format: "pipestill-student/1", tags: TAGS, loss: "bce" };
  const folder = temporaryFolder();
  saveStudent(folder, info, network);
  const student = new Student(info, network);
  const scores = await student.predict(IMAGES);
  student.dispose();
  return { ...readModel((name) => join(folder, name)), scores };
}

async function predicted(path: string): Promise<Float32Array> {
  const student = await openStudent({ exported: path }, engine);
  assert.deepEqual(student.tags, TAGS);
  const scores = await student.predict(IMAGES);
  student.dispose();
  return scores;
}

/** tfjs's own loader over a folder's files; it knows nothing of ours. */
async function plainTfjs(folder: string): Promise<tfl.LayersModel> {
  const model = JSON.parse(readFileSync(join(folder, "model.json"), "utf8"));
  const [{ paths, weights }] = model.weightsManifest;
  const bytes = Buffer.concat(paths.map((name: string) => readFileSync(join(folder, name))));
  return tfl.loadLayersModel({
    load: async () => ({
      modelTopology: model.modelTopology,
      weightSpecs: weights,
      weightData: new Uint8Array(bytes).buffer,
    }),
  });
}

describe("an exported model", () => {
  // 30,000 hidden units on 144 values: 17 MiB, several pieces and shards.
  const large: Partial<NetworkSpec> = {
    head: { layers: [{ type: "Flatten" }, { type: "Dense", units: 30_000 }] },
  };

  for (const preprocess of ["scale255", "caffe", "tf"] as const) {
    it(`comes back from Keras's and tfjs's formats: ${preprocess}`, async () => {
      const { info, layers, scores } = await trained({ preprocess });
      const folder = temporaryFolder();
      const model = exportedModel({ ...info, resize: { fit: "stretch" } }, layers);
      await writeKeras(model, join(folder, "m.h5"));
      mkdirSync(join(folder, "tfjs"));
      writeTfjs(model, join(folder, "tfjs"));
      assert.deepEqual(await predicted(join(folder, "m.h5")), scores);
      assert.deepEqual(await predicted(join(folder, "tfjs")), scores);
      const student = await openStudent({ exported: join(folder, "m.h5") }, engine);
      assert.deepEqual(student.resize, { fit: "stretch" });
      student.dispose();
    });

    it(`is a model of its own to tfjs: ${preprocess}`, async () => {
      const { info, layers, scores } = await trained({ preprocess });
      const folder = temporaryFolder();
      writeTfjs(exportedModel(info, layers), folder);
      const model = await plainTfjs(folder);
      const input = tf.tensor4d(
        IMAGES.flatMap((image) => [...image]),
        [2, 8, 8, 3],
      );
      const output = model.predict(input) as tf.Tensor;
      assertClose(output.dataSync(), scores, 1e-6);
      tf.dispose([input, output]);
      model.dispose();
    });
  }

  it("of many megabytes: read and written in pieces, in shards of 4 MiB", async () => {
    const { info, layers, scores } = await trained(large);
    const folder = temporaryFolder();
    const model = exportedModel(info, layers);
    await writeKeras(model, join(folder, "m.h5"));
    mkdirSync(join(folder, "tfjs"));
    writeTfjs(model, join(folder, "tfjs"));
    assert.deepEqual(await predicted(join(folder, "m.h5")), scores);
    assert.deepEqual(await predicted(join(folder, "tfjs")), scores);
    // 4 · (144 · 30,000 + 30,000 + 30,000 · 3 + 3) bytes and those of the convolution: 17,760,568.
    const shards = readdirSync(join(folder, "tfjs")).filter((name) => name.endsWith(".bin"));
    assert.equal(shards.length, 5);
    for (const name of shards) assert.ok(statSync(join(folder, "tfjs", name)).size <= 4 * 2 ** 20);
  });

  it("what was not exported by us, or is cut off, says so", async () => {
    const { info, layers } = await trained();
    const folder = temporaryFolder();
    const model = exportedModel(info, layers);
    const other = join(folder, "other.h5");
    await withH5(other, "w", (file) => file.create_dataset({ name: "x", data: [1, 2] }));
    await assert.rejects(openStudent({ exported: other }, engine), /does not tell its tags/);
    const tfjs = join(folder, "tfjs");
    mkdirSync(tfjs);
    writeTfjs(model, tfjs);
    truncateSync(join(tfjs, "group1-shard1of1.bin"), 500);
    await assert.rejects(
      openStudent({ exported: tfjs }, engine),
      /the model's weights are cut off: 500 bytes/,
    );
    const wrong = { ...info, head: { units: [5] } };
    assert.throws(() => exportedModel({ ...wrong, architecture: "vgg16" }, layers), /do not belong together/);
  });
});
