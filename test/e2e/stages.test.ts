import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fates, PhotoRig, stageOf } from "./rig.js";

/** A pipeline of user modules, one line each: name → its `run` body and what stands beside `uses`. */
function modules(stages: Record<string, { body: string; yaml?: string; head?: string }>): PhotoRig {
  const rig = new PhotoRig();
  const lines = Object.entries(stages).map(([name, { body, yaml = "", head = "" }]) => {
    rig.write(
      `${name}.mjs`,
      `import { existsSync, readFileSync, writeFileSync } from "node:fs";\n${head}\nexport async function run(context) {\n${body}\n}\n`,
    );
    return `  ${name}: { uses: ./${name}.mjs${yaml} }\n`;
  });
  rig.write("p.yaml", `version: 1\nname: modules\nstages:\n${lines.join("")}`);
  return rig;
}

/** False for a process that is gone or a zombie nobody has waited for yet. */
function isAlive(pid: string): boolean {
  if (!existsSync(`/proc/${pid}/stat`)) return false;
  return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
}

const WRITE = 'writeFileSync(context.outDir("out") + "/out.txt", ';

test("a user's module runs, sees its inputs and params, and is cached by its import graph", async () => {
  const rig = modules({
    first: {
      head: 'import { word } from "./lib/word.mjs";',
      body: `${WRITE} word + context.with.mark); return { metrics: { length: word.length } };`,
      yaml: ", with: { mark: '!' }",
    },
    second: {
      body: `${WRITE} readFileSync(context.inputs.text.path("out.txt"), "utf8").toUpperCase());`,
      yaml: ", inputs: { text: first }",
    },
  });
  rig.write("lib/word.mjs", 'export const word = "hello";\n');
  const record = await rig.run();
  assert.equal(fates(record), "first ran, second ran");
  assert.deepEqual(stageOf(record, "first").metrics, { length: 5 });
  const shown = join(rig.folder, "artifacts/latest/modules/second/out.txt");
  assert.equal(execFileSync("cat", [shown], { encoding: "utf8" }), "HELLO!");
  assert.equal(fates(await rig.run()), "first cached, second cached");

  // The module itself is the same; what it imports is not. Its bytes change, its output does not: early cut-off.
  rig.write("lib/word.mjs", 'export const word = "hel" + "lo";\n');
  assert.equal(fates(await rig.run()), "first ran, second cached");
  rig.write("lib/word.mjs", 'export const word = "bye";\n');
  assert.equal(fates(await rig.run()), "first ran, second ran");
});

test("a stage whose process crashes ends alone: the run goes on with --keep-going, exit code 1", async () => {
  const rig = modules({
    crash: { body: 'process.kill(process.pid, "SIGSEGV"); await new Promise(() => {});' },
    after: { body: `${WRITE} "x");`, yaml: ", inputs: { a: crash }" },
    other: { body: `${WRITE} "y");` },
  });
  const record = await rig.run(["--keep-going"], 1);
  assert.equal(fates(record), "crash failed, after skipped, other ran");
  assert.equal(record.status, "failed");
  const crash = stageOf(record, "crash");
  assert.equal(crash.failure?.message, "its process was ended by SIGSEGV");
  assert.equal(crash.failure?.rerun, "npx pipe run p.yaml crash");
  assert.equal(stageOf(record, "after").reason, "crash failed");
});

test("retries run a failed stage again in the same scratch folder; the record counts attempts", async () => {
  const rig = modules({
    flaky: {
      body: `const mark = context.scratch + "/mark"; if (!existsSync(mark)) { writeFileSync(mark, ""); throw new Error("not yet"); } ${WRITE} "done");`,
      yaml: ", retries: 2",
    },
  });
  const flaky = stageOf(await rig.run(), "flaky");
  assert.deepEqual([flaky.status, flaky.attempts], ["ran", 2]);
});

test("a stage that hangs is ended by its timeout, with what it had started", async () => {
  const rig = modules({
    hang: {
      head: 'import { spawn } from "node:child_process";',
      body: `const sleeper = spawn("sleep", ["987"], { detached: true, stdio: "ignore" }); writeFileSync(context.base + "/pid", String(sleeper.pid)); await new Promise(() => setInterval(() => {}, 1000));`,
      yaml: ", timeout: 1s",
    },
  });
  const hang = stageOf(await rig.run([], 1), "hang");
  assert.match(hang.failure?.message ?? "", /^it ran longer than its timeout of 1 s$/);
  const pid = execFileSync("cat", [join(rig.folder, "pid")], { encoding: "utf8" });
  assert.equal(isAlive(pid), false, "the process it had started is still there");
});

test("a stage that takes more memory than it may is ended and says so", async () => {
  const rig = modules({
    greedy: {
      body: "const kept = []; for (;;) { kept.push(Buffer.alloc(8 << 20, 1)); await new Promise((r) => setTimeout(r, 5)); }",
      yaml: ", resources: { memory: 300M }",
    },
  });
  const greedy = stageOf(await rig.run([], 1), "greedy");
  assert.match(greedy.failure?.message ?? "", /^its process used more than the 300 MiB/);
});

test("independent stages run at the same time, within the cores there are", async () => {
  // Each waits for the other's mark: one after the other, they would wait for ever.
  const meet = (mine: string, other: string) =>
    `writeFileSync(context.base + "/${mine}", ""); while (!existsSync(context.base + "/${other}")) await new Promise((r) => setTimeout(r, 20)); ${WRITE} "met ${mine}");`;
  const yaml = ", timeout: 30s, resources: { cpus: 1 }";
  const rig = modules({ left: { body: meet("l", "r"), yaml }, right: { body: meet("r", "l"), yaml } });
  assert.equal(fates(await rig.run()), "left ran, right ran");
});

test("a secret reaches the command that names it and nothing that is written", async () => {
  const rig = new PhotoRig();
  const canary = "canary-7f3a9c51";
  rig.write(
    "p.yaml",
    `version: 1
name: secrets
stages:
  good: { uses: exec, with: { command: 'test "$(printenv TOKEN | wc -c)" = ${canary.length + 1} && echo fine > "$OUTPUT/o"', outputs: [o], env: [TOKEN] } }
  bad: { uses: exec, with: { command: 'test -z "$OTHER" && exit 3', outputs: [o], env: [TOKEN] } }
`,
  );
  const env = { TOKEN: canary, OTHER: canary };
  const done = await rig.start(["run", "p.yaml", "--keep-going", "--json"], env).finished;
  assert.equal(done.code, 1);
  const record = JSON.parse(done.stdout);
  assert.equal(fates(record), "good ran, bad failed");
  assert.match(stageOf(record, "bad").failure?.message ?? "", /exit code 3/);
  assert.equal(done.stdout.includes(canary) || done.stderr.includes(canary), false);
  // The canary stands in no file of the store (grep ends with 1 where it finds nothing).
  assert.throws(
    () => execFileSync("grep", ["-r", "-q", canary, join(rig.folder, "artifacts")]),
    (error: { status: number }) => error.status === 1,
  );
});
