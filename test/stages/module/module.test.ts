import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import type { StageModule } from "../../../src/contract/stage.js";
import { sha256File } from "../../../src/core/hash.js";
import { importGraph } from "../../../src/stages/module/graph.js";
import { moduleKind } from "../../../src/stages/module/kind.js";
import { rigContext } from "../../rigs/context.js";
import { temporaryFolder } from "../../rigs/folder.js";

function project(files: Record<string, string>): string {
  const root = temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return root;
}

const graph = (root: string, entry = "stage.mjs") => importGraph(join(root, entry), sha256File);

const FILES = {
  "stage.mjs":
    'import { a } from "./lib/a.mjs";\nimport fs from "node:fs";\nimport dep from "dep/sub";\nexport { b } from "./b.mjs?x";\nexport const run = async () => import("./late.mjs");',
  "lib/a.mjs":
    'import data from "../data.json" with { type: "json" };\nimport "../stage.mjs";\nexport const a = data;',
  "b.mjs": "export const b = 1;",
  "late.mjs": "export default 1;",
  "data.json": "{}",
  "unrelated.mjs": "1",
  "node_modules/dep/package.json": '{"name": "dep", "version": "1.0.0"}',
};

test("each file of the import graph counts, and each package version; nothing else does", async () => {
  const base = await graph(project(FILES));
  for (const name of ["stage.mjs", "lib/a.mjs", "b.mjs", "late.mjs", "data.json"]) {
    const changed = { ...FILES, [name]: `${FILES[name as keyof typeof FILES]}\n` };
    assert.notDeepEqual(await graph(project(changed)), base, name);
  }
  const upgraded = { ...FILES, "node_modules/dep/package.json": '{"name": "dep", "version": "1.0.1"}' };
  assert.notDeepEqual(await graph(project(upgraded)), base);
  assert.deepEqual(await graph(project({ ...FILES, "unrelated.mjs": "2" })), base);
  // A project moved to another folder is the same project.
  assert.deepEqual(await graph(project(FILES)), base);
});

test("missing files and syntax errors are named", async () => {
  const root = project({ "stage.mjs": 'import "./gone.mjs";', "bad.mjs": "export const = 1; import {" });
  await assert.rejects(graph(root), {
    message: `${join(root, "stage.mjs")} imports ${join(root, "gone.mjs")}, which is not there`,
  });
  await assert.rejects(graph(root, "none.mjs"), { message: `there is no module ${join(root, "none.mjs")}` });
  await assert.rejects(graph(root, "bad.mjs"), /bad\.mjs has a syntax error/);
});

/** Runs a module as the stage host does: by the URL of its kind. */
async function run(text: string | undefined) {
  const root = project(text === undefined ? {} : { "my stage.mjs": text });
  const { stage } = (await import(moduleKind(join(root, "my stage.mjs")).module)) as { stage: StageModule };
  const context = rigContext({ with: { n: 2 } });
  return { result: await stage.run(context), context };
}

test("a module runs by its named export or its default export", async () => {
  const named = await run(
    "export async function run(context) { return { metrics: { n: context.with.n + 1 } } }",
  );
  assert.deepEqual(named.result, { metrics: { n: 3 } });
  const both = await run("export default { n: 5, async run() { return { metrics: { n: this.n } } } }");
  assert.deepEqual(both.result, { metrics: { n: 5 } });
  assert.deepEqual((await run("export function run() {}")).result, {});
});

test("a module that cannot be used says why", async () => {
  await assert.rejects(run(undefined), /there is no module .*my stage\.mjs/);
  await assert.rejects(run("export const walk = 1;"), { name: "StageError", message: /exports no `run`/ });
  await assert.rejects(run("export const = 1"), { name: "StageError", message: /has a syntax error/ });
  await assert.rejects(
    run('import "./gone.mjs"; export function run() {}'),
    /does not load: Cannot find module/,
  );
  await assert.rejects(run("export const run = () => 7"), /gave number/);
  await assert.rejects(run('throw new TypeError("mine")'), { name: "TypeError", message: "mine" });
});

test("the fingerprint sees the graph, not the path", async () => {
  const kinds = [project(FILES), project(FILES)].map((root) => moduleKind(join(root, "stage.mjs")));
  const context = { with: {}, base: "/", seed: 0, hashFile: sha256File, warn() {} };
  assert.equal(kinds[0]!.name, kinds[1]!.name);
  assert.deepEqual(await kinds[0]!.identity?.(context), await kinds[1]!.identity?.(context));
  assert.notEqual(kinds[0]!.module, kinds[1]!.module);
});
