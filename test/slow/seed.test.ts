import assert from "node:assert/strict";
import { statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { openEngine } from "../../src/engine/engine.js";
import { usableEngine } from "../../src/engine/native/installed.js";
import { resolveEngine } from "../../src/engine/resolve.js";
import type { RunRecord } from "../../src/runner/lineage/record.js";
import { openStudent } from "../../src/student/open-student.js";
import { fates, stageOf } from "../e2e/rig.js";
import { assertClose } from "../engine/numeric.js";
import { CliRig } from "../rigs/cli.js";
import { peers, runPython } from "../rigs/python.js";
import { seeded } from "../rigs/random.js";

const FLAGSHIP = fileURLToPath(new URL("../../../pipelines/vision-distill.yaml", import.meta.url));
const found = peers();
const skip = !usableEngine() ? "the native engine is not installed: pipe engine install" : found.skip;
const python = found.skip === false ? found.python : "";

/** A whole-model file of VGG16 with its 1000 classes: 528 MB, made up. */
const MAKE = `
import json, sys, keras
keras.utils.set_random_seed(3)
keras.applications.VGG16(weights=None).save(json.load(sys.stdin))
print("null")
`;

/** What a model file predicts for a picture of raw pixels, and a layer's first weights in it and in another file. */
const ASK = `
import json, sys, keras, numpy
task = json.load(sys.stdin)
model = keras.models.load_model(task["file"], compile=False)
pixels = numpy.fromfile(task["pixels"], "uint8").astype("float32").reshape(1, 224, 224, 3)
first = lambda m, layer: m.get_layer(layer).get_weights()[0].ravel()[:5].tolist()
made = keras.models.load_model(task["weights"], compile=False)
print(json.dumps({
    "scores": model.predict(pixels, verbose=0)[0].tolist(),
    "names": [l.name for l in model.layers],
    "frozen": [first(m, "block2_conv2") for m in (model, made)],
    "trained": [first(m, "block3_conv1") for m in (model, made)],
}))
`;

/** The seed's recipe on pictures of one's own: the sources and sizes of a test, all else as the profile has it. */
const LOCAL = `version: 1
extends: ${JSON.stringify(FLAGSHIP)}
profiles:
  local:
    stages:
      crawl: { with: { source: { type: local, path: pictures } } }
      label: { with: { teacher: { type: builtin } } }
      pack: { with: { holdout: { count: 8 } } }
      train:
        with:
          weights: { file: vgg16.h5 }
          engine: native
          epochs: 3
          samples_per_epoch: 16
          batch: 4
          learning_rate: 0.00001
`;

async function drawPictures(rig: CliRig): Promise<void> {
  const random = seeded(11);
  const level = () => Math.floor(random() * 256);
  const plain = (width: number, height: number) => ({
    create: { width, height, channels: 3 as const, background: { r: level(), g: level(), b: level() } },
  });
  for (let i = 0; i < 48; i++) {
    const shapes = Array.from({ length: 1 + (i % 6) }, () => {
      const [left, top] = [Math.floor(random() * 200), Math.floor(random() * 140)];
      return { input: plain(10 + Math.floor(random() * 90), 10 + Math.floor(random() * 90)), left, top };
    });
    const path = rig.write(`pictures/${i}.png`, "");
    await sharp(plain(300, 240)).composite(shapes).png().toFile(path);
  }
}

test("the seed's recipe: made-up weights of VGG16, killed in training, gone on with, predicted, exported", {
  skip,
}, async (t) => {
  const rig = new CliRig();
  const env = { XDG_CACHE_HOME: process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache") };
  const pipe = async (...args: string[]) => {
    const done = await rig.start(args, env).finished;
    assert.equal(done.code, 0, done.stderr);
    return done.stdout;
  };
  await drawPictures(rig);
  const weights = join(rig.folder, "vgg16.h5");
  runPython(python, MAKE, weights);
  assert.ok(statSync(weights).size > 500 * 2 ** 20);
  rig.write("seed.yaml", LOCAL);
  const run = ["run", "seed.yaml", "-p", "seed", "-p", "local"];

  const killed = rig.start(run, env);
  await killed.stderrHas("epoch 2/3");
  killed.child.kill("SIGKILL");
  await killed.finished;
  const record = JSON.parse(await pipe(...run, "--json")) as RunRecord;

  await t.test("it went on where it was killed, on the native engine", () => {
    assert.equal(
      fates(record),
      "crawl cached, resize cached, label cached, screen cached, index cached, pack cached, train ran, eval ran",
    );
    const train = stageOf(record, "train");
    assert.match(train.notes.join("\n"), /resumed at epoch [23]/i);
    assert.equal(train.metrics.epochs, 3);
    assert.equal(train.metrics.images, 16);
    assert.match(JSON.stringify(record), /"engine":"tensorflow"/);
  });

  await t.test("pipe predict says the same of the stage and of the exported model", async () => {
    await pipe("export", "train", "--keras", "tagger.h5");
    const [stage, exported] = [
      await pipe("predict", "train", "pictures/1*.png", "--json"),
      await pipe("predict", "tagger.h5", "pictures/1*.png", "--json"),
    ];
    assert.equal(stage, exported);
    assert.equal(stage.trim().split("\n").length, 11);
  });

  await t.test("Keras predicts the same with it, to 1e-5; 6 layers are as they were made", async () => {
    const picture = join(rig.folder, "pictures/5.png");
    const raw = await sharp(picture).resize(224, 224, { fit: "fill" }).removeAlpha().raw().toBuffer();
    const pixels = join(rig.folder, "pixels.bin");
    writeFileSync(pixels, raw);
    const file = join(rig.folder, "tagger.h5");
    const student = await openStudent({ exported: file }, await openEngine(resolveEngine("native")));
    const ours = await student.predict([raw]);
    student.dispose();
    const answer = runPython(python, ASK, { file, pixels, weights }) as {
      readonly scores: readonly number[];
      readonly names: readonly string[];
      readonly frozen: readonly [number[], number[]];
      readonly trained: readonly [number[], number[]];
    };
    assertClose(ours, answer.scores, 1e-5);
    assert.deepEqual(answer.names.slice(0, 4), ["input", "preprocess", "block1_conv1", "block1_conv2"]);
    assert.deepEqual(answer.frozen[0], answer.frozen[1]);
    assert.notDeepEqual(answer.trained[0], answer.trained[1]);
  });
});
