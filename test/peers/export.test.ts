import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { openEngine } from "../../src/engine/engine.js";
import { usableEngine } from "../../src/engine/native/installed.js";
import type { Layer } from "../../src/student/layers/schema.js";
import { readModel, Student, saveStudent } from "../../src/student/model-file.js";
import { Network, type NetworkSpec } from "../../src/student/network.js";
import type { StudentInfo } from "../../src/student/student-info.js";
import { writeKeras } from "../../src/student/weights/export-keras.js";
import { exportedModel } from "../../src/student/weights/exported.js";
import { assertClose, pixels } from "../engine/numeric.js";
import { temporaryFolder } from "../rigs/folder.js";
import { peers, runPython } from "../rigs/python.js";

const found = peers();
const python = found.skip === false ? found.python : "";

/** Loads a model and predicts: names, output shapes and parameters by layer as model.summary() has them, and the scores. */
const KERAS = `
import json, sys, numpy
task = json.load(sys.stdin)
if task["keras"] == 2:
    import tf_keras as keras
else:
    import keras
model = keras.models.load_model(task["file"], compile=False)
images = numpy.array(task["pixels"], "float32").reshape(task["shape"])
layers = [[l.name, list(getattr(l, "output_shape", None) or l.output.shape)[1:] if l.name != "input" else [], l.count_params()] for l in model.layers]
print(json.dumps({"layers": layers, "scores": model.predict(images, verbose=0).ravel().tolist()}))
`;

interface Answer {
  readonly layers: readonly [name: string, output: readonly number[], parameters: number][];
  readonly scores: readonly number[];
}

const TAGS = ["a", "b", "c", "d", "e"];

/** Exports a network with weights of its own, and asks Keras. */
async function ask(spec: Partial<NetworkSpec>, kerasVersion: 2 | 3 = 3) {
  await openEngine(usableEngine() ? "tensorflow" : "wasm");
  const whole: NetworkSpec = {
    architecture: "layers",
    size: { width: 20, height: 18 },
    tags: TAGS.length,
    preprocess: "scale255",
    dropout: 0.35,
    seed: 9,
    ...spec,
  };
  const network = new Network(whole);
  // Nothing stays at 0 or 1, so that every weight counts.
  for (const [i, { name, value }] of network.weights().entries()) {
    if (!/bias|beta|mean|gamma|variance/.test(name)) continue;
    const shift = /gamma|variance/.test(name) ? 1 : 0;
    const { tensor } = await import("@tensorflow/tfjs-core");
    const values = tensor(
      pixels(value.shape, i).map((v) => shift + v / 5),
      value.shape,
    );
    value.assign(values);
    values.dispose();
  }
  const { tags: _, seed: __, ...shape } = whole;
  const info: StudentInfo = { ...shape, format: "pipestill-student/1", tags: TAGS, loss: "bce" };
  const folder = temporaryFolder();
  saveStudent(folder, info, network);
  const { layers } = readModel((name) => join(folder, name));
  const file = join(folder, "model.h5");
  await writeKeras(exportedModel(info, layers), file);
  const { width, height } = whole.size;
  const images = [1, 2, 3].map((seed) =>
    Uint8Array.from(pixels([height, width, 3], seed), (v) => Math.floor((v + 1) * 128)),
  );
  const student = new Student(info, network);
  const ours = await student.predict(images);
  const { parameters, layerNames } = network;
  student.dispose();
  const answer = runPython(python, KERAS, {
    keras: kerasVersion,
    file,
    shape: [3, height, width, 3],
    pixels: images.flatMap((image) => [...image]),
  }) as Answer;
  return { ours, answer, parameters, layerNames };
}

describe("an exported model in Keras", { skip: found.skip }, () => {
  const conv = { type: "Conv2D", filters: 6, kernel_size: 3 } as const;
  const all: Layer[] = [
    { ...conv, padding: "same", activation: "relu" },
    { type: "BatchNormalization", epsilon: 0.01 },
    { type: "MaxPooling2D", pool_size: 3, strides: 2, padding: "same" },
    { ...conv, kernel_size: [2, 3], strides: [2, 1], use_bias: false, activation: "tanh" },
    { type: "Activation", activation: "silu" },
    { type: "AveragePooling2D", pool_size: [1, 3], strides: 2, padding: "same" },
    { type: "Dropout", rate: 0.2 },
    { ...conv, kernel_size: 2, activation: "elu" },
  ];
  const cases: Record<string, Partial<NetworkSpec>> = {
    "vgg-small": { architecture: "vgg-small", preprocess: "tf" },
    "vgg16, caffe": { architecture: "vgg16", preprocess: "caffe", size: { width: 33, height: 32 } },
    vgg19: { architecture: "vgg19", size: { width: 32, height: 32 } },
    "every kind of layer": { layers: all },
    "a head of other numbers": {
      layers: all.slice(0, 4),
      head: { units: [7, 6], pool: "max", activation: "selu" },
    },
    "a head of one's own": {
      layers: all.slice(0, 4),
      head: {
        layers: [
          { type: "GlobalAveragePooling2D" },
          { type: "Dense", units: 8, activation: "softplus" },
          { type: "Activation", activation: "sigmoid" },
          { type: "Dense", units: 4, activation: "relu6", use_bias: false },
        ],
      },
    },
  };
  for (const [name, spec] of Object.entries(cases)) {
    it(`predicts the same: ${name}`, async () => {
      const { ours, answer, parameters, layerNames } = await ask(spec);
      assertClose(ours, answer.scores, 1e-5);
      assert.deepEqual(
        answer.layers.map(([layer]) => layer).filter((layer) => layer !== "preprocess"),
        layerNames,
      );
      const counted = answer.layers.filter(([layer]) => layer !== "preprocess");
      assert.equal(
        counted.reduce((sum, [, , count]) => sum + count, 0),
        parameters,
      );
    });
  }

  const summary = `
import json, sys, keras
name = json.load(sys.stdin)
model = getattr(keras.applications, name)(include_top=False, weights=None, input_shape=(64, 48, 3))
print(json.dumps([[l.name, list(l.output.shape)[1:], l.count_params()] for l in model.layers[1:]]))
`;
  for (const [ours, theirs] of [
    ["vgg16", "VGG16"],
    ["vgg19", "VGG19"],
  ] as const) {
    it(`${ours}'s layers, output shapes and parameters are those of keras.applications.${theirs}`, async () => {
      const expected = runPython(python, summary, theirs) as Answer["layers"];
      const { answer } = await ask({ architecture: ours, size: { width: 48, height: 64 } });
      assert.deepEqual(answer.layers.slice(2, 2 + expected.length), expected);
    });
  }

  it("predicts the same in Keras 2", async () => {
    for (const preprocess of ["caffe", "tf"] as const) {
      const { ours, answer } = await ask({ layers: all, preprocess }, 2);
      assertClose(ours, answer.scores, 1e-5);
    }
  });
});
