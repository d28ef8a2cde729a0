import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { sha256 } from "../../src/core/hash.js";
import { openEngine } from "../../src/engine/engine.js";
import type { Preimage } from "../../src/runner/plan/plan.js";
import { Store } from "../../src/runner/store/store.js";
import { loadStudent, MODEL_FILES } from "../../src/student/model-file.js";
import { decodePixels } from "../../src/student/pixels.js";
import { PAIRS } from "../core/pickle/pickles.js";
import { temporaryFolder } from "../rigs/folder.js";
import { STUDENT_SIZE, STUDENT_TAGS, writeStudent } from "../rigs/student.js";

const MAIN = fileURLToPath(new URL("../../src/cli/main.js", import.meta.url));
const ROOT = temporaryFolder();
const MODEL = join(ROOT, "exported");
const TALL = join(ROOT, "photos", "tall.png");

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs `pipe` in the test's folder. */
function pipe(...argv: string[]): Promise<Ran> {
  const script = `import { main } from ${JSON.stringify(MAIN)}; await main(process.argv.slice(1));`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script, "--", ...argv], {
    cwd: ROOT,
    // The engine of the expected scores, whatever is installed here.
    env: { ...process.env, XDG_CACHE_HOME: join(ROOT, "cache") },
  });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    err += chunk;
  });
  return new Promise((done) => child.on("close", (code) => done({ code, out, err })));
}

function labelsOf(line: string): Map<string, number> {
  const { labels } = JSON.parse(line) as { labels: { tag: string; score: number }[] };
  return new Map(labels.map(({ tag, score }) => [tag, score]));
}

/** The scores of TALL, brought to the model's size by the given pixels. */
async function expected(pixels: Buffer): Promise<Map<string, number>> {
  const student = await loadStudent((name) => join(MODEL, name), await openEngine("wasm"));
  const scores = await student.predict([await decodePixels(pixels, STUDENT_SIZE)]);
  student.dispose();
  return new Map(STUDENT_TAGS.map((tag, i) => [tag, scores[i]!]));
}

function assertNear(actual: Map<string, number>, wanted: Map<string, number>): void {
  assert.deepEqual([...actual.keys()].sort(), [...wanted.keys()].sort());
  for (const [tag, score] of wanted) {
    assert.ok(
      Math.abs(actual.get(tag)! - score) <= 0.5001e-4,
      `${tag}: ${actual.get(tag)}, expected ${score}`,
    );
  }
}

before(async () => {
  await writeStudent(MODEL);
  mkdirSync(join(ROOT, "photos"));
  const plain = (width: number, height: number, background: string) => ({
    create: { width, height, channels: 3 as const, background },
  });
  await sharp(plain(64, 128, "#c33"))
    .composite([{ input: plain(44, 40, "#3c6"), left: 18, top: 8 }])
    .png()
    .toFile(TALL);
  await sharp({ create: { ...STUDENT_SIZE, channels: 3, background: "#2040e0" } })
    .jpeg()
    .toFile(join(ROOT, "photos/Blue.JPG"));
});

test("a folder's model: the picture is padded at its right and bottom, as the flagship's resize does", async () => {
  const { code, out, err } = await pipe("predict", "exported", "photos/tall.png", "--json");
  assert.equal(err, "");
  assert.equal(code, 0);
  const padded = await sharp(TALL)
    .resize(16, 32)
    .extend({ right: 16, background: "#000000" })
    .png()
    .toBuffer();
  assertNear(labelsOf(out), await expected(padded));
});

test("broken images are named on stderr and counted; the rest is done; exit code 1", async () => {
  writeFileSync(join(ROOT, "photos/broken.jpg"), "no picture");
  const { code, out, err } = await pipe(
    "predict",
    "exported",
    "photos",
    "missing.png",
    "--json",
    "--top",
    "2",
  );
  assert.equal(code, 1);
  const lines = out.trim().split("\n");
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).image),
    ["photos/Blue.JPG", "photos/tall.png"],
  );
  for (const line of lines) assert.equal(labelsOf(line).size, 2);
  assert.match(err, /^photos\/broken\.jpg: /m);
  assert.match(err, /^missing\.png: no such file$/m);
  assert.match(err, /^2 images could not be read, 2 done$/m);
});

test("plain lines and CSV; --min leaves tags out", async () => {
  const plain = await pipe("predict", "exported", "photos/tall.png");
  assert.match(plain.out, /^photos\/tall\.png: \w+ 0\.\d+, \w+ 0\.\d+, \w+ 0\.\d+, \w+ 0\.\d+\n$/);
  const csv = await pipe("predict", "exported", "photos/tall.png", "--csv", "--min", "1");
  assert.equal(csv.out, "image,tag,score\n");
});

test("wrong usage: exit code 2, and what to do", async () => {
  for (const [argv, wanted] of [
    [["exported"], /missing required argument 'images'/],
    [["exported", "x.png", "--top", "0"], /expected a whole number of at least 1/],
    [["exported", "x.png", "--min", "2"], /expected a score from 0 to 1/],
    [["exported", "x.png", "--json", "--csv"], /cannot be used with/],
    [["nothing", "x.png"], /there is no model nothing: .*\n.*hint: run a pipeline first/],
  ] as const) {
    const { code, out, err } = await pipe("predict", ...argv);
    assert.equal(code, 2, err);
    assert.match(err, wanted);
    if (!(argv as readonly string[]).includes("--json")) assert.equal(out, "");
  }
});

test("a stage and an artifact of a store: resized as the pipeline did that made the model", async () => {
  const store = Store.open(join(ROOT, "artifacts"));
  const entries: Record<string, { blob: string; bytes: number }> = {};
  for (const name of [MODEL_FILES.info, MODEL_FILES.model, MODEL_FILES.weights]) {
    const copy = join(ROOT, name);
    copyFileSync(join(MODEL, name), copy);
    const { hash, bytes } = await store.blobs.ingestFile(copy);
    entries[name] = { blob: hash, bytes };
  }
  const model = store.trees.put(entries);
  const images = sha256("images");
  const put = (
    kind: string,
    outputs: Record<string, string>,
    inputs: Record<string, string>,
    params = {},
  ) => {
    const preimage: Preimage = { tag: "stage/1", kind, version: 1, with: params, inputs };
    const fingerprint = sha256(JSON.stringify(preimage));
    store.results.put({
      fingerprint,
      preimage,
      outputs: Object.fromEntries(Object.entries(outputs).map(([port, hash]) => [port, { hash, bytes: 1 }])),
      metrics: {},
      items: null,
      transientFailures: 0,
      runId: "r1",
      stage: kind,
      createdAt: "2026-01-01T00:00:00Z",
      durationMs: 1,
      versions: {},
    });
    return fingerprint;
  };
  put("resize", { images }, {}, { size: 32, fit: "stretch", format: "png" });
  const trained = put("train", { model: model.hash }, { data: images });
  store.latest.publish("demo", "train", new Map([["model", model]]), trained);
  await store.close();

  const stretched = await sharp(TALL).resize(32, 32, { fit: "fill" }).png().toBuffer();
  const wanted = await expected(stretched);
  for (const name of ["train", "demo/train", model.hash.slice(0, 8), "artifacts/latest/demo/train"]) {
    const { code, out, err } = await pipe("predict", name, "photos/tall.png", "--json");
    assert.equal(code, 0, err);
    assertNear(labelsOf(out), wanted);
  }
  const none = await pipe("predict", "label", "photos/tall.png");
  assert.equal(none.code, 2);
  assert.match(none.err, /there is no model label/);
});

test("exported models: what the folder's model says, resized as it was trained where that is known", async () => {
  const plain = await pipe("predict", "exported", "photos/tall.png", "--json");
  const keras = await pipe("export", "exported", "--keras", "out/m.h5");
  assert.equal(keras.code, 0, keras.err);
  assert.equal(
    keras.out,
    "a model from RGB pixels of 0 to 255, [images, 32, 32, 3], to 4 scores of 0 to 1 in out/m.h5\n",
  );
  assert.equal((await pipe("export", "exported", "--tfjs", "out/tfjs")).code, 0);
  for (const model of ["out/m.h5", "out/tfjs"]) {
    const { code, out, err } = await pipe("predict", model, "photos/tall.png", "--json");
    assert.equal(code, 0, err);
    assert.equal(out, plain.out);
  }
  for (const file of ["exported/student.json", "exported/weights.bin", "out/tfjs/model.json"]) {
    const { code, out, err } = await pipe("predict", file, "photos/tall.png", "--json");
    assert.equal(code, 0, err);
    assert.equal(out, plain.out);
  }
  // The store of the test above knows that its model's pictures were stretched.
  const stretched = await pipe("predict", "train", "photos/tall.png", "--json");
  assert.equal((await pipe("export", "train", "--keras", "train.h5")).code, 0);
  assert.equal((await pipe("predict", "train.h5", "photos/tall.png", "--json")).out, stretched.out);
  assert.notEqual(stretched.out, plain.out);
});

test("export says what it needs", async () => {
  mkdirSync(join(ROOT, "folder.h5"));
  for (const [argv, wanted] of [
    [["exported"], /say which form to write\n.*hint: one of --parquet, --pickle, --keras, --tfjs/],
    [["exported", "--tfjs", "photos"], /photos is there already/],
    [["exported", "--keras", "model"], /model does not end in \.h5/],
    [["nothing", "--keras", "folder.h5"], /folder\.h5 is a folder\n {2}hint: name the file in it/],
    [["exported", "--keras", "photos/tall.png/m.h5"], /photos\/tall\.png is a file\n {2}hint: name a path/],
    [["exported", "--tfjs", "photos/tall.png/m"], /photos\/tall\.png is a file/],
    [["nothing", "--keras", "m.h5"], /there is no model nothing/],
    [["out/m.h5", "--tfjs", "x"], /out\/m\.h5 is an exported model already/],
  ] as const) {
    const { code, err } = await pipe("export", ...argv);
    assert.equal(code, 2, err);
    assert.match(err, wanted);
  }
});

test("the seed's data files: one picture goes by the file's name, several by their number", async () => {
  // pickle.dumps((X, y)) of a uint8 picture [2, 2, 3] 0 … 11 and its scores, by Python (test/core/pickle/pickles.ts).
  writeFileSync(join(ROOT, "one.pkl"), Buffer.from(PAIRS[4]!, "base64"));
  const pixels = Buffer.from(Uint8Array.from({ length: 12 }, (_, i) => i));
  await sharp(pixels, { raw: { width: 2, height: 2, channels: 3 } })
    .png()
    .toFile(join(ROOT, "one.png"));
  const { code, out, err } = await pipe("predict", "exported", "one.pkl", "one.png", "--json");
  assert.equal(code, 0, err);
  const [pickled, picture] = out.trim().split("\n");
  assert.equal(JSON.parse(pickled!).image, "one.pkl");
  assert.deepEqual(JSON.parse(pickled!).labels, JSON.parse(picture!).labels);
  writeFileSync(join(ROOT, "evil.pkl"), "cos\nsystem\n(S'true'\ntR.");
  const evil = await pipe("predict", "exported", "evil.pkl", "--json");
  assert.equal(evil.code, 1);
  assert.match(evil.err, /^evil\.pkl: .*os/m);
});
