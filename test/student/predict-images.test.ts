import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { expandImages, type Prediction, predictImages } from "../../src/student/predict-images.js";
import { temporaryFolder } from "../rigs/folder.js";

const folder = () => temporaryFolder();

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

async function* each(items: readonly string[]): AsyncGenerator<string> {
  yield* items;
}

test("files, folders and globs expand in the order of the arguments, each sorted by code unit", async () => {
  const root = folder();
  mkdirSync(join(root, "deep"));
  for (const name of ["b.jpg", "B.PNG", "a.webp", "notes.txt", "deep/c.jpeg", "[x].jpg", "d.pkl"]) {
    writeFileSync(join(root, name), "");
  }
  const names = async (...args: string[]) =>
    (await all(expandImages(args))).map((p) => p.slice(root.length + 1));
  assert.deepEqual(await names(root), ["B.PNG", "[x].jpg", "a.webp", "b.jpg", "d.pkl", "deep/c.jpeg"]);
  assert.deepEqual(await names(`${root}/*.txt`, join(root, "[x].jpg")), ["notes.txt", "[x].jpg"]);
  assert.deepEqual(await names(join(root, "none.jpg")), ["none.jpg"]);
});

test("scores stay with their image across batches; broken images are results in their place", async () => {
  const root = folder();
  const images = Array.from({ length: 40 }, (_, i) => join(root, `${i}.bin`));
  for (const [i, image] of images.entries()) if (i % 7 !== 3) writeFileSync(image, Uint8Array.of(i));
  execFileSync("mkfifo", [images[3]!]);
  mkdirSync(images[10]!);
  const sizes: number[] = [];
  const student = {
    async predict(pixels: readonly Uint8Array[]) {
      sizes.push(pixels.length);
      return Float32Array.from(pixels.flatMap((p) => [p[0]! / 64, 1 - p[0]! / 64]));
    },
  };
  const prepare = async (bytes: Buffer) => {
    if (bytes[0] === 5) throw new Error("not an image");
    return Uint8Array.from(bytes);
  };
  const results: Prediction[] = await all(predictImages(student, each(images), prepare));
  assert.deepEqual(
    results.map((r) => r.image),
    images,
  );
  const problems = results.flatMap((r, i) => (r.ok ? [] : [[i, r.problem]]));
  assert.deepEqual(problems, [
    [3, "not a regular file"],
    [5, "not an image"],
    [10, "a folder without images in it"],
    [17, "no such file"],
    [24, "no such file"],
    [31, "no such file"],
    [38, "no such file"],
  ]);
  for (const [i, result] of results.entries()) {
    if (result.ok) assert.deepEqual([...result.scores], [i / 64, 1 - i / 64]);
  }
  assert.equal(
    sizes.reduce((a, b) => a + b),
    33,
  );
  assert.ok(Math.max(...sizes) <= 16);
});
