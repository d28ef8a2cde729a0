import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { readSeedFile } from "../../src/student/seed-file.js";
import { temporaryFolder } from "../rigs/folder.js";
import { peers, runPython } from "../rigs/python.js";

/** Writes (X, y) in all the ways that numpy and pickle know; prints what is in each file. */
const WRITE = `
import sys, json, gzip, pickle, numpy as np
folder = json.load(sys.stdin)
rng = np.random.default_rng(7)
one = rng.integers(0, 256, (5, 4, 3), dtype=np.uint8)
many = rng.integers(0, 256, (3, 5, 4, 3), dtype=np.uint8)
y1 = np.round(rng.random(6), 3)
y3 = np.round(rng.random((3, 6)), 3)
forms = {
  "bytes": (one, y1),
  "normalised": (one.astype(np.float32) / 255, y1.astype(np.float64)),
  "doubles": (one / 255.0, y1.tolist()),
  "half": ((one / 255.0).astype(np.float16), y1),
  "levels": (one.astype(np.float64), y1),
  "longs": (one.astype(np.int64), y1),
  "fortran": (np.asfortranarray(one), y1),
  "big-endian": ((one / 255.0).astype(">f4"), y1.astype(">f8")),
  "many": (many, y3),
  "many-fortran": (np.asfortranarray(many), np.asfortranarray(y3)),
  "many-normalised": (many.astype(np.float32) / 255, y3),
  "list-of-arrays": (list(many), list(y3)),
  "lists": (many.tolist(), y3.tolist()),
  "lists-normalised": ((many / 255.0).tolist(), y3.tolist()),
  "no-scores": (many, None),
}
index = {}
for name, pair in forms.items():
  single = np.asarray(pair[0]).ndim == 3
  pixels = [one] if single else list(many)
  scores = [y1] if single else list(y3)
  index[name] = {
    "pixels": [p.reshape(-1).tolist() for p in pixels],
    "scores": None if pair[1] is None else [s.tolist() for s in scores],
  }
  for protocol in range(6):
    data = pickle.dumps(pair, protocol)
    open(f"{folder}/{name}-{protocol}.pkl", "wb").write(gzip.compress(data) if protocol % 2 else data)
print(json.dumps(index))
`;

const { skip, ...found } = peers();

test("data files that numpy and pickle write are read as they mean them", { skip }, async () => {
  assert.ok("python" in found);
  const folder = temporaryFolder();
  const index = runPython(found.python, WRITE, folder) as Record<
    string,
    { pixels: number[][]; scores: number[][] | null }
  >;
  for (const [name, { pixels, scores }] of Object.entries(index)) {
    for (let protocol = 0; protocol <= 5; protocol++) {
      const images = await readSeedFile(join(folder, `${name}-${protocol}.pkl`));
      const what = `${name}, protocol ${protocol}`;
      assert.deepEqual(
        images.map((image) => [...image.pixels]),
        pixels,
        what,
      );
      assert.deepEqual(
        images.map((image) => image.scores && [...image.scores]),
        scores ?? pixels.map(() => undefined),
        what,
      );
      assert.ok(images.every(({ width, height }) => width === 4 && height === 5));
    }
  }
});
