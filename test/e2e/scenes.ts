import assert from "node:assert/strict";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import type { RunRecord } from "../../src/runner/lineage/record.js";
import { temporaryFolder } from "../rigs/folder.js";
import type { WritePoint } from "../rigs/mortal.js";
import { knownInputs } from "./known.js";
import { mortalRun, readTrace } from "./mortal-run.js";
import { PhotoRig } from "./rig.js";

const EMBEDDED = new URL("../../../pipelines/vision-distill.yaml", import.meta.url);

/** Kinds of every sort: two sources, item stages with and without pictures as output, a command, a user's module. */
const SMALL = `version: 1
name: small
params: { size: 16 }
stages:
  made: { uses: crawl, with: { source: { type: synthetic, count: 4, seed: 3 } } }
  crawl: { uses: crawl, with: { source: { type: local, path: pictures } } }
  resize: { uses: resize, inputs: { images: crawl }, with: { size: "\${params.size}" } }
  label: { uses: label, inputs: { images: resize }, with: { teacher: { type: builtin } } }
  list: { uses: exec, inputs: { labels: label }, with: { command: 'mkdir "$OUTPUT/d" && wc -c < "$INPUT_LABELS/labels.parquet" > "$OUTPUT/o" && echo x > "$OUTPUT/d/x"', outputs: [o, d] } }
  own: { uses: ./own.mjs, inputs: { text: list } }
`;
const OWN = `import { readFileSync, writeFileSync } from "node:fs";
export async function run(context) {
  writeFileSync(context.outDir("out") + "/out.txt", readFileSync(context.inputs.text.path("o"), "utf8") + "!");
}
`;

/** A run whose processes can be killed at any of their writes, and what it gives when nothing disturbs it. */
export interface Scene {
  /** Files of the rig before the run that dies. */
  readonly before: string;
  readonly args: readonly string[];
  readonly points: readonly WritePoint[];
  readonly expected: RunRecord;
  /** From the start of the process to its end. */
  readonly durationMs: number;
  /** Inputs that the item cache knows before the run, by space. */
  readonly known: ReadonlyMap<string, number>;
}

/** On an empty store; or on one that an earlier run, of another size and with one other picture, has filled. */
export async function smallScene(store: "empty" | "filled"): Promise<Scene> {
  const rig = new PhotoRig();
  rig.write("p.yaml", SMALL);
  rig.write("own.mjs", OWN);
  await rig.pictures(4);
  if (store === "empty") return makeScene(rig, []);
  agePictures(rig);
  await rig.run();
  await rig.picture("p2.png", 77);
  return makeScene(rig, ["-S", "params.size=24"]);
}

/** The embedded pipeline with its eight stages, of a size that takes seconds. */
export async function embeddedScene(): Promise<Scene> {
  const rig = new PhotoRig();
  rig.write("p.yaml", readFileSync(EMBEDDED, "utf8"));
  const values = ["crawl.source.count=60", "params.size=32", "pack.holdout.count=12", "train.epochs=3"];
  return makeScene(
    rig,
    values.flatMap((value) => ["-S", value]),
  );
}

async function makeScene(rig: PhotoRig, args: readonly string[]): Promise<Scene> {
  agePictures(rig);
  const before = copyOf(rig.folder);
  const known = await knownInputs(rig);
  const trace = join(rig.folder, "trace");
  const since = performance.now();
  const done = await mortalRun(rig, args, { trace });
  const durationMs = performance.now() - since;
  assert.equal(done.code, 0, done.stderr);
  const points = readTrace(trace)
    .filter((line): line is WritePoint => "name" in line)
    .filter(({ name }) => !name.includes(" elsewhere/"));
  const expected = JSON.parse(done.stdout) as RunRecord;
  rmSync(rig.folder, { recursive: true });
  return { before, args, points, expected, durationMs, known };
}

/** What was written within the last two seconds is not remembered by the stat cache: which that is would be chance. */
function agePictures(rig: PhotoRig): void {
  const folder = join(rig.folder, "pictures");
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) utimesSync(join(folder, name), 1e9, 1e9);
}

function copyOf(folder: string): string {
  const copy = temporaryFolder("pipestill-scene-");
  cpSync(folder, copy, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  return copy;
}

/** A rig as it stands before the run that dies. */
export function rigOf(scene: Scene): PhotoRig {
  const rig = new PhotoRig();
  cpSync(scene.before, rig.folder, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  return rig;
}
