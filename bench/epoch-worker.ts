import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { openEngine } from "../src/engine/engine.js";
import { Dataset } from "../src/student/dataset.js";
import { artifactOf, writeData } from "../test/student/data.js";
import { FrozenTraining } from "./frozen-training.js";

/**
 * Ours, beside train-keras.py: for each line trains another epoch of VGG16 with 15 frozen layers whose features are
 * kept, and prints the milliseconds that a batch took. Arguments: pixels a side, batch, images, units of the head.
 */
const [side = 224, batch = 8, images = 16, units = 512] = process.argv.slice(2).map(Number);
const folder = mkdtempSync(join(tmpdir(), "pipestill-epoch-"));
try {
  await openEngine("tensorflow");
  const dataset = new Dataset(artifactOf(await writeData(folder, { train: images, side })));
  const training = new FrozenTraining({ folder, name: "kept", dataset, images, batch, units, cached: true });
  console.log("ready");
  let number = 0;
  for await (const _ of createInterface({ input: process.stdin })) {
    console.log((await training.epoch(++number)) * batch);
  }
} finally {
  rmSync(folder, { recursive: true });
}
