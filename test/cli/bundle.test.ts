import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "../rigs/folder.js";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

const MODULE = `
import { StageError } from "pipestill/stage";
export async function run() {
  throw new StageError("it cannot be done", { hint: "do something else" });
}
`;

const PIPELINE = `version: 1
name: demo
stages:
  crawl: { uses: crawl, with: { source: { type: synthetic, count: 3, seed: 7 } } }
  resize: { uses: resize, inputs: { images: crawl }, with: { size: 16 } }
  label: { uses: label, inputs: { images: resize }, with: { teacher: { type: builtin } } }
  mine: { uses: ./mine.mjs, inputs: { labels: label } }
`;

/** A project beside a package without sources, as it is published. */
function project(): { readonly folder: string; readonly bin: string } {
  const folder = temporaryFolder();
  const installed = join(folder, "node_modules/pipestill");
  mkdirSync(installed, { recursive: true });
  for (const name of ["bin", "package.json", "dist/bundle"])
    cpSync(join(ROOT, name), join(installed, name), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(installed, "node_modules"));
  writeFileSync(join(folder, "mine.mjs"), MODULE);
  writeFileSync(join(folder, "pipeline.yaml"), PIPELINE);
  return { folder, bin: join(installed, "bin/pipe.js") };
}

test("the bundle is all that a run needs; a module's StageError is the one that its host knows", () => {
  const { folder, bin } = project();
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { status, stderr } = spawnSync(process.execPath, [bin, "run"], {
    cwd: folder,
    env,
    encoding: "utf8",
  });
  assert.equal(status, 1, stderr);
  assert.match(stderr, /label {2}ran {2}3 items/);
  assert.match(stderr, /it cannot be done/);
  assert.match(stderr, /do something else/);
  assert.doesNotMatch(stderr, /at .*mine\.mjs/, "an expected failure has no stack");
});

test("the licences of the packages in the bundle stand beside it", () => {
  const text = readFileSync(join(ROOT, "dist/bundle/LICENSES.txt"), "utf8");
  for (const name of ["@duckdb/node-api", "commander", "yaml"])
    assert.match(text, new RegExp(`^${name} [\\d.]+.* \\((MIT|ISC)\\)$`, "m"));
  assert.doesNotMatch(text, /\(undefined\)/);
});

test("a package holds the bundle, and of the sources' declarations those that pipestill/stage needs", () => {
  const { stdout, stderr } = spawnSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  const packed = (JSON.parse(stdout) as { files: { path: string }[] }[])[0]?.files ?? [];
  const paths = packed.map(({ path }) => path);
  for (const path of ["bin/pipe.js", "dist/bundle/cli/main.js", "schemas/pipeline.schema.json"])
    assert.ok(paths.includes(path), `${path} is not in the package: ${stderr}`);
  const beside = paths.filter((path) => path.startsWith("dist/") && !path.startsWith("dist/bundle/"));
  assert.deepEqual(beside.sort(), [...declarationsOf("dist/src/contract/stage.d.ts")].sort());
});

/** A declaration file of ours and those that it imports. */
function declarationsOf(path: string, found = new Set<string>()): Set<string> {
  if (found.has(path)) return found;
  found.add(path);
  for (const [, target = ""] of readFileSync(join(ROOT, path), "utf8").matchAll(/"(\.[^"]+)\.js"/g))
    declarationsOf(join(dirname(path), `${target}.d.ts`), found);
  return found;
}
