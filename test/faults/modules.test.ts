import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { CliRig, type Finished } from "../rigs/cli.js";

/** A pipeline of a command that gives one file, and a module of the user's with this body over it. */
async function runModule(body: string, more = ""): Promise<{ rig: CliRig; done: Finished }> {
  const rig = new CliRig();
  rig.write(
    "m.mjs",
    `import { writeFileSync, symlinkSync } from "node:fs";
     export async function run(context) { const out = context.outDir("out"); ${body} }`,
  );
  rig.write(
    "p.yaml",
    `version: 1
name: p
stages:
  first: { uses: exec, with: { command: "echo hello > $OUTPUT/hello.txt" } }
  mine: { uses: ./m.mjs, inputs: { in: first }${more} }
`,
  );
  return { rig, done: await rig.pipe("run", "p.yaml") };
}

/** The hash of the file that the stage before gave. */
const BLOB = 'context.inputs.in.path("hello.txt").split("/").slice(-2).join("")';

const REFUSED: readonly { readonly name: string; readonly body: string; readonly says: RegExp }[] = [
  {
    name: "an output port that leaves its folder",
    body: 'writeFileSync(context.outDir("../../../../evil") + "/a", "a");',
    says: /^mine failed: the stage has no output port "..\/..\/..\/..\/evil"\n {2}hint: it has: out$/m,
  },
  {
    name: "an output port that is not there",
    body: 'writeFileSync(context.outDir("images") + "/a", "a");',
    says: /^mine failed: the stage has no output port "images"$/m,
  },
  {
    name: "a listed file of a port that is not there",
    body: `return { outputs: { __proto__: null, images: [{ path: "a", blob: ${BLOB} }] } };`,
    says: /^mine failed: the stage has no output port "images"$/m,
  },
  {
    name: "a listed file outside the artifact",
    body: `return { outputs: { out: [{ path: "../../../evil", blob: ${BLOB} }] } };`,
    says: /^mine failed: "..\/..\/..\/evil" cannot be the path of a file in an artifact$/m,
  },
  {
    name: "a listed file with an absolute path",
    body: `return { outputs: { out: [{ path: "/tmp/evil", blob: ${BLOB} }] } };`,
    says: /^mine failed: "\/tmp\/evil" cannot be the path of a file in an artifact$/m,
  },
  {
    name: "a blob whose name is a path",
    body: 'return { outputs: { out: [{ path: "x", blob: "../../../../etc/passwd" }] } };',
    says: /^mine failed: its output x names no blob: \.\./m,
  },
  {
    name: "a blob that nobody has made",
    body: 'return { outputs: { out: [{ path: "x", blob: "a".repeat(64) }] } };',
    says: /^mine failed: the store does not hold the blob aaaaaaaaaaaa$/m,
  },
  {
    name: "a table that was not written",
    body: 'return { outputs: { out: [{ path: "../x.parquet", table: { rows: 1, content: "a".repeat(64) } }] } };',
    says: /^mine failed: it announced the output file ..\/x.parquet but did not write it$/m,
  },
  {
    name: "outputs that are no list",
    body: "return { outputs: { out: 5 } };",
    says: /^mine failed: what the stage gave for its output `out` is no list of files$/m,
  },
  {
    name: "a link to a file of the machine",
    body: 'symlinkSync("/etc/passwd", out + "/x");',
    says: /^mine failed: its output x is neither a file nor a folder$/m,
  },
  {
    name: "a memo key that is a path",
    body: 'writeFileSync(out + "/x", "1"); context.memo.set("../../../../evil", "out", "x");',
    says: /^mine failed: a memo key must be a sha256 in hexadecimal/m,
  },
  {
    name: "a file name that is no text",
    body: 'writeFileSync(Buffer.concat([Buffer.from(out + "/"), Buffer.from([255, 254])]), "x");',
    says: /^mine failed: the name of its output .* is no valid UTF-8$/m,
  },
  {
    name: "an error thrown from a callback",
    body: 'setTimeout(() => { throw new Error("from a callback"); }, 10); await new Promise((r) => setTimeout(r, 60000));',
    says: /^mine failed: from a callback$/m,
  },
  {
    name: "a promise that nothing settles",
    body: "await new Promise(() => {});",
    says: /^mine failed: it waited for something that never came/m,
  },
  {
    name: "an end without a result",
    body: "process.exit(0);",
    says: /^mine failed: its process ended with exit code 0 and without a result$/m,
  },
  {
    name: "an error of five million characters",
    body: 'throw new Error("x".repeat(5e6));',
    says: /^mine failed: x{4000}… \(5000000 characters\)$/m,
  },
];

for (const { name, body, says } of REFUSED) {
  test(`a module that gives ${name} fails with a reason, and leaves nothing`, async () => {
    const { rig, done } = await runModule(body);
    assert.equal(done.code, 1, done.stderr);
    assert.match(done.stderr, says);
    assert.equal(done.stderr.length < 50_000, true);
    assert.deepEqual(
      readdirSync(dirname(rig.folder)).filter((file) => file === "evil"),
      [],
    );
    assert.equal(existsSync(join(rig.folder, "artifacts/latest/p/mine")), false);
    assert.equal(readdirSync(join(rig.folder, "artifacts/results")).length, 1);
    assert.deepEqual(readdirSync(join(rig.folder, "artifacts/scratch/tasks")), []);
  });
}

test("names that mean something to JavaScript or a terminal are file names like others", async () => {
  const names = [
    "__proto__",
    "constructor",
    "toString",
    "a\nb",
    "\u202ex",
    "\u001b[2J",
    " ",
    "*?[x]",
    "a\\b",
    "é",
  ];
  const { rig, done } = await runModule(
    `for (const name of ${JSON.stringify(names)}) writeFileSync(out + "/" + name, name);
     return { metrics: JSON.parse('{"__proto__":{"polluted":true},"n":1}') };`,
  );
  assert.equal(done.code, 0, done.stderr);
  const latest = join(rig.folder, "artifacts/latest/p/mine");
  assert.deepEqual(readdirSync(latest).sort(), [...names].sort());
  for (const name of names) assert.equal(readFileSync(join(latest, name), "utf8"), name);
  assert.equal((await rig.pipe("run", "p.yaml")).stdout.includes("Nothing to do"), true);
  assert.match((await rig.pipe("verify")).stdout, /The store is sound/);
  const lineage = await rig.pipe("lineage", "artifacts/latest/p/mine");
  assert.equal(lineage.code, 0, lineage.stderr);
  assert.doesNotMatch(lineage.stdout, /[^\P{Cc}\n\t]/u, "no character that a terminal would act on");
});
