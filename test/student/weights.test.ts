import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { StageError } from "../../src/contract/stage.js";
import { openEngine } from "../../src/engine/engine.js";
import { Network, type NetworkSpec } from "../../src/student/network.js";
import { cachedDownload } from "../../src/student/weights/download.js";
import { withH5 } from "../../src/student/weights/h5-file.js";
import { loadInitialWeights } from "../../src/student/weights/initial.js";
import { imagenetFile } from "../../src/student/weights/official.js";
import { assertClose } from "../engine/numeric.js";
import { temporaryFolder } from "../rigs/folder.js";
import { WebRig } from "../rigs/web.js";

/** Written by Keras: make.py in that folder. */
const FILES = fileURLToPath(new URL("../../../test/fixtures/keras/", import.meta.url));
const EXPECTED = JSON.parse(readFileSync(join(FILES, "expected.json"), "utf8")) as {
  pixels: number[];
  scores: number[];
};

/** The network of make.py. */
const SPEC: NetworkSpec = {
  architecture: "layers",
  layers: [
    { type: "Conv2D", name: "first", filters: 4, kernel_size: 3, padding: "same", activation: "relu" },
    { type: "BatchNormalization", name: "norm" },
    { type: "Conv2D", name: "second", filters: 5, kernel_size: 3, strides: 2, use_bias: false },
    { type: "GlobalAveragePooling2D", name: "pool" },
  ],
  head: { layers: [{ type: "Dense", name: "dense", units: 6, activation: "relu" }] },
  size: { width: 8, height: 8 },
  tags: 3,
  preprocess: "tf",
  dropout: 0,
  seed: 1,
};

before(async () => void (await openEngine("wasm")));

async function loaded(file: string, includeTop: boolean, spec = SPEC): Promise<Network> {
  const network = new Network(spec);
  await loadInitialWeights(network, file, includeTop);
  return network;
}

const valuesOf = (network: Network, name: string) => [
  ...network
    .weights()
    .find((weight) => weight.name === name)!
    .value.dataSync(),
];

/** The StageError of a load, message and hint. */
async function refusal(file: string, includeTop: boolean, spec = SPEC): Promise<string> {
  const error = await loaded(file, includeTop, spec).then(
    () => assert.fail("nothing was thrown"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof StageError, String(error));
  return `${error.message}\n${error.options.hint}`;
}

describe("weights that Keras saved", () => {
  const withTop = [
    "keras3-whole.h5",
    "keras3.weights.h5",
    "keras3-nested.h5",
    "keras3-nested.weights.h5",
    "keras2-weights.h5",
    "keras2-nested.h5",
  ];
  for (const file of withTop) {
    it(`${file}: predicts as Keras does`, async () => {
      const network = await loaded(join(FILES, file), true);
      const scores = tf.tidy(() => network.scores(tf.tensor4d(EXPECTED.pixels, [2, 8, 8, 3])).dataSync());
      assertClose(scores, EXPECTED.scores, 1e-6);
      network.dispose();
    });
  }

  it("keras1-notop.h5: the convolutional part alone, as for all without include_top", async () => {
    const [old, whole, fresh] = await Promise.all([
      loaded(join(FILES, "keras1-notop.h5"), false),
      loaded(join(FILES, "keras3-whole.h5"), false),
      new Network(SPEC),
    ]);
    for (const { name } of old!.weights()) {
      assert.deepEqual(valuesOf(old, name), valuesOf(whole, name), name);
      // A bias starts at 0 in both.
      if (!/^(dense|predictions)/.test(name)) continue;
      assert.deepEqual(valuesOf(old, name), valuesOf(fresh, name), name);
    }
    assert.notDeepEqual(valuesOf(old, "second/kernel"), valuesOf(fresh, "second/kernel"));
    for (const network of [old, whole, fresh]) network.dispose();
  });

  it("what does not fit is listed layer by layer, and nothing is loaded", async () => {
    const layers: NetworkSpec["layers"] = [
      { type: "Conv2D", name: "first", filters: 3, kernel_size: 3, padding: "same" },
      { type: "BatchNormalization", name: "norm" },
      { type: "Conv2D", name: "third", filters: 5, kernel_size: 3 },
      { type: "Conv2D", name: "second", filters: 5, kernel_size: 3 },
    ];
    assert.equal(
      await refusal(join(FILES, "keras2-weights.h5"), false, { ...SPEC, layers, head: {} }),
      `the weights of keras2-weights.h5 do not fit the network:
  first: kernel is [3, 3, 3, 4], expected [3, 3, 3, 3]; bias is [4], expected [3]
  norm: gamma is [4], expected [3]; beta is [4], expected [3]; moving_mean is [4], expected [3]; moving_variance is [4], expected [3]
  third: is not in the file
  second: has kernel, expected kernel, bias
layers with weights in the file: first, norm, second, dense, predictions`,
    );
    assert.match(await refusal(join(FILES, "keras1-notop.h5"), true), /\n {2}dense: is not in the file\n/);
  });

  it("files that are none say so", async () => {
    const folder = temporaryFolder();
    const text = join(folder, "text.h5");
    writeFileSync(text, "no HDF5");
    assert.match(
      await refusal(text, false),
      /text\.h5 cannot be read as an HDF5 file: file signature not found\n/,
    );
    assert.match(await refusal(join(folder, "none.h5"), false), /there is no such file/);
    const cut = join(folder, "cut.h5");
    writeFileSync(cut, readFileSync(join(FILES, "keras3-whole.h5")).subarray(0, 9000));
    assert.match(await refusal(cut, false), /cannot be read as an HDF5 file: truncated file/);
    const other = join(folder, "other.h5");
    await withH5(other, "w", (file) => file.create_dataset({ name: "x", data: [1, 2] }));
    assert.match(await refusal(other, false), /holds no weights of Keras/);
  });

  it("attributes that Keras cut in pieces, weights of double precision, and of integers", async () => {
    const folder = temporaryFolder();
    const write = (name: string, dtype: string, kernel: Float64Array | Int32Array) =>
      withH5(join(folder, name), "w", (file) => {
        file.create_attribute("layer_names0", ["first"]);
        file.create_attribute("layer_names1", ["second"]);
        for (const layer of ["first", "second"]) {
          file.create_group(layer);
          const group = file.get(layer) as typeof file;
          group.create_attribute("weight_names", ["kernel:0"]);
          group.create_dataset({ name: "kernel:0", data: kernel, shape: [1, 1, 3, 3], dtype });
        }
      });
    const conv = { type: "Conv2D", filters: 3, kernel_size: 1, use_bias: false } as const;
    const spec: NetworkSpec = {
      ...SPEC,
      layers: [
        { ...conv, name: "first" },
        { ...conv, name: "second" },
      ],
      head: {},
    };
    await write(
      "double.h5",
      "<f8",
      Float64Array.from({ length: 9 }, (_, i) => i / 4),
    );
    const network = await loaded(join(folder, "double.h5"), false, spec);
    assert.deepEqual(valuesOf(network, "second/kernel"), [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2]);
    network.dispose();
    await write("integer.h5", "<i4", Int32Array.from({ length: 9 }));
    assert.match(
      await refusal(join(folder, "integer.h5"), false, spec),
      /numbers of the type "<i", not float32/,
    );
  });
});

describe("weights on the web", () => {
  const bytes = readFileSync(join(FILES, "keras1-notop.h5"));

  it("are fetched once, checked, kept by their hash; another file is refused", async () => {
    process.env.XDG_CACHE_HOME = temporaryFolder();
    const web = await WebRig.start({ "/w.h5": (_, response) => void response.end(bytes) });
    const { signal } = new AbortController();
    const notes: string[] = [];
    const get = (digest: Parameters<typeof cachedDownload>[0]["digest"]) =>
      cachedDownload({ url: web.url("/w.h5?token=s3cret"), digest }, signal, (line) => void notes.push(line));
    // sha256sum and md5sum of the fixture.
    const right = {
      algorithm: "sha256",
      hex: "5e9c665944c46f89fab1055ec1984986c8611b22349e221c7b151dd71089425f",
    } as const;
    const path = await get(right);
    assert.deepEqual(readFileSync(path), bytes);
    assert.equal(await get(right), path);
    assert.equal(web.seen.length, 1);
    assert.deepEqual(notes, [`fetches the weights ${web.url("/w.h5")}`]);
    // A damaged copy is fetched again.
    writeFileSync(path, "damaged");
    assert.deepEqual(readFileSync(await get(right)), bytes);
    assert.equal(web.seen.length, 2);
    assert.ok(
      existsSync(
        await get({ algorithm: "md5", hex: "252e8a8266f50510124e2b3d6f48bcc6", bytes: bytes.length }),
      ),
    );
    const wrong = { algorithm: "sha256", hex: "0".repeat(64) } as const;
    await assert.rejects(
      get(wrong),
      /is another file: its sha256 is 5e9c665944c46f89fab1055ec1984986c8611b22349e221c7b151dd71089425f, expected 0000/,
    );
    await assert.rejects(
      get({ algorithm: "md5", hex: "0".repeat(32), bytes: 5 }),
      /it has 13688 bytes instead of 5/,
    );
  });

  it("say why they cannot be had, and what else to do", async () => {
    process.env.XDG_CACHE_HOME = temporaryFolder();
    const web = await WebRig.start();
    const file = { url: web.url("/gone.h5"), digest: { algorithm: "md5", hex: "0".repeat(32) } } as const;
    const fetched = cachedDownload(file, new AbortController().signal, () => {});
    await assert.rejects(fetched, (error: StageError) => {
      assert.match(error.message, /^cannot fetch the weights http:.*\/gone\.h5: the server answered 404/);
      assert.match(error.options.hint!, /fetch gone\.h5 elsewhere and give it with weights: \{ file: … \}/);
      return true;
    });
  });

  it("imagenet is Keras's own file for VGG16 and VGG19", () => {
    // keras/src/applications/vgg16.py, vgg19.py (3.15.1).
    const base = "https://storage.googleapis.com/tensorflow/keras-applications";
    for (const [name, hex] of [
      ["vgg16", "6d6bbae143d832006294945121d1f1fc"],
      ["vgg19", "253f8cb515780f3b799900260a226db6"],
    ] as const) {
      const { url, digest } = imagenetFile(name)!;
      assert.equal(url, `${base}/${name}/${name}_weights_tf_dim_ordering_tf_kernels_notop.h5`);
      assert.equal(digest.hex, hex);
    }
    assert.equal(imagenetFile("vgg-small"), undefined);
    assert.equal(imagenetFile("toString"), undefined);
  });
});
