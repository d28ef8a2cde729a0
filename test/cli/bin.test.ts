import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "../rigs/folder.js";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** Stands in for the compiler: counts its calls and "compiles" a main that prints what is in src/said.txt. */
const BUILD = `
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { newestSource, writeStamp } from "./stale.mjs";
appendFileSync("builds.txt", "x");
const newest = newestSource([]);
await new Promise((resolve) => setTimeout(resolve, 300));
const said = readFileSync("src/said.txt", "utf8");
if (said === "broken") process.exit(3);
mkdirSync("dist/bundle/cli", { recursive: true });
writeFileSync("dist/bundle/cli/main.js", "export const main = async () => console.log(" + JSON.stringify(said) + ")");
writeStamp(newest);
`;

/** A checkout with the real bin and the real staleness check. */
function checkout(): string {
  const root = temporaryFolder();
  const write = (name: string, text: string) => {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  };
  cpSync(join(ROOT, "bin"), join(root, "bin"), { recursive: true });
  mkdirSync(join(root, "tools"));
  for (const name of ["ensure-built.mjs", "stale.mjs"])
    cpSync(join(ROOT, "tools", name), join(root, "tools", name));
  write("tools/build.mjs", BUILD);
  write("package.json", '{ "type": "module" }');
  write("node_modules/typescript/package.json", "{}");
  write("src/said.txt", "one");
  return root;
}

function pipe(root: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [join(root, "bin/pipe.js")], { cwd: root });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (data) => {
    stdout += data;
  });
  child.stderr.on("data", (data) => {
    stderr += data;
  });
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, stdout, stderr })));
}

const builds = (root: string) =>
  existsSync(join(root, "builds.txt")) ? readFileSync(join(root, "builds.txt")).length : 0;

/** Makes a source newer than the build, without waiting for the clock to tick. */
function edit(root: string, text: string, ahead: number): void {
  const path = join(root, "src/said.txt");
  writeFileSync(path, text);
  const time = Date.now() / 1000 + ahead;
  utimesSync(path, time, time);
}

test("an absent dist/ is built once, a stale one again, a fresh one not", async () => {
  const root = checkout();
  assert.deepEqual(await pipe(root), { code: 0, stdout: "one\n", stderr: "building…\n" });
  assert.deepEqual(await pipe(root), { code: 0, stdout: "one\n", stderr: "" });
  edit(root, "two", 5);
  assert.deepEqual(await pipe(root), { code: 0, stdout: "two\n", stderr: "building…\n" });
  assert.equal(builds(root), 2);
});

test("a removed source counts as a change", async () => {
  const root = checkout();
  mkdirSync(join(root, "src/old"));
  await pipe(root);
  rmSync(join(root, "src/old"), { recursive: true });
  await pipe(root);
  assert.equal(builds(root), 2);
});

test("processes that start together build once", async () => {
  const root = checkout();
  const all = await Promise.all(Array.from({ length: 4 }, () => pipe(root)));
  assert.deepEqual(
    all.map(({ code, stdout }) => [code, stdout]),
    Array(4).fill([0, "one\n"]),
  );
  assert.equal(builds(root), 1);
});

test("the lock of a killed build is taken over", async () => {
  const root = checkout();
  const dead = spawn(process.execPath, ["-e", ""]);
  await new Promise((resolve) => dead.once("exit", resolve));
  mkdirSync(join(root, "dist"));
  const lock = join(root, "dist/.build-lock");
  writeFileSync(lock, JSON.stringify({ host: hostname(), pid: dead.pid, started: null }));
  assert.deepEqual(await pipe(root), { code: 0, stdout: "one\n", stderr: "building…\n" });
  assert.equal(existsSync(lock), false);
});

test("a build that fails is said, and is tried again", async () => {
  const root = checkout();
  edit(root, "broken", 5);
  const failed = await pipe(root);
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /pipe: the build failed \(exit 3\)/);
  edit(root, "mended", 6);
  assert.equal((await pipe(root)).stdout, "mended\n");
});

test("without the compiler the message says what to install", async () => {
  const root = checkout();
  rmSync(join(root, "node_modules"), { recursive: true });
  const { code, stderr } = await pipe(root);
  assert.equal(code, 1);
  assert.match(stderr, /the compiler is not installed\. Run `npm ci` in .*\n\(without --omit=dev/);
});

test("a published package has no src/ and builds nothing", async () => {
  const root = checkout();
  await pipe(root);
  rmSync(join(root, "src"), { recursive: true });
  rmSync(join(root, "tools"), { recursive: true });
  assert.deepEqual(await pipe(root), { code: 0, stdout: "one\n", stderr: "" });
});
