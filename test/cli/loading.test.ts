import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { CliRig } from "../rigs/cli.js";

/** Native libraries that cost tens to hundreds of milliseconds to load. */
const HEAVY = /duckdb|lmdb|vips|sharp|tensorflow/;

/** Leaves the native libraries of the process that ends in a file. */
const HOOK = `
import { writeFileSync } from "node:fs";
process.on("exit", () => writeFileSync(process.env.LOADED, process.report.getReport().sharedObjects.join("\\n")));
`;

/** The heavy libraries that a command line loads. */
async function heavyLibraries(rig: CliRig, ...args: string[]): Promise<string[]> {
  const hook = pathToFileURL(rig.write("hook.mjs", HOOK)).href;
  const loaded = rig.write("loaded.txt", "");
  const { code, stderr } = await rig.start(args, { NODE_OPTIONS: `--import ${hook}`, LOADED: loaded })
    .finished;
  assert.equal(code, 0, stderr);
  const libraries = readFileSync(loaded, "utf8").split("\n");
  assert.ok(libraries.length > 1, "the hook saw no libraries at all");
  return libraries.filter((path) => HEAVY.test(path));
}

function rigWithPipeline(): CliRig {
  const rig = new CliRig();
  rig.write(
    "pipeline.yaml",
    `version: 1
name: demo
stages:
  crawl: { uses: crawl, with: { source: { type: synthetic, count: 3, seed: 7 } } }
`,
  );
  return rig;
}

test("reading the command line and the pipeline file loads nothing heavy", async () => {
  const rig = rigWithPipeline();
  for (const args of [["--version"], ["validate"], ["dag"]]) {
    assert.deepEqual(await heavyLibraries(rig, ...args), [], args.join(" "));
  }
});

test("a run that has nothing to do loads nothing heavy", async () => {
  const rig = rigWithPipeline();
  const first = await rig.pipe("run", "--quiet");
  assert.equal(first.code, 0, first.stderr);
  assert.deepEqual(await heavyLibraries(rig, "run"), []);
});
