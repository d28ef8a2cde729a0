import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { TASK_FILES, type Task } from "../../../src/contract/task.js";
import type { Executor, Job } from "../../../src/runner/execute/executor.js";
import { temporaryFolder } from "../../rigs/folder.js";

/** A job over a task whose stage is the given body. */
function job(body: string, more: Partial<Job> = {}): Job & { readonly root: string } {
  const root = temporaryFolder();
  const folder = join(root, "task");
  mkdirSync(folder);
  const module = join(root, "stage.mjs");
  writeFileSync(
    module,
    `import { writeFileSync } from "node:fs";\nexport const stage = { async run(context) {\n${body}\nreturn {};\n} };\n`,
  );
  const task: Task = {
    protocol: 1,
    kind: "test",
    module: pathToFileURL(module).href,
    stage: "test",
    mode: "whole",
    with: {},
    inputs: {},
    outputs: ["out"],
    base: root,
    store: join(root, "store"),
    scratch: join(root, "scratch"),
    shared: join(root, "shared"),
    logs: join(root, "files"),
    seed: 0,
    impl: {},
    cpus: 1,
    secrets: [],
  };
  writeFileSync(join(folder, TASK_FILES.task), JSON.stringify(task));
  const env = { PATH: process.env.PATH ?? "" };
  return { root, folder, logFile: join(root, "logs/test.log"), env, ...more };
}

const result = ({ folder }: Job) => JSON.parse(readFileSync(join(folder, TASK_FILES.result), "utf8"));

async function untilExists(path: string): Promise<void> {
  for (let waited = 0; !existsSync(path); waited += 20) {
    assert.ok(waited < 30_000, `${path} did not appear`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const WAIT = `writeFileSync(context.base + "/started", ""); await new Promise((resolve) => { context.signal.addEventListener("abort", resolve); setInterval(() => {}, 1000); });`;
const IGNORE = `writeFileSync(context.base + "/started", ""); await new Promise(() => setInterval(() => {}, 1000));`;

/** What every executor must do; run once for each. */
export function executorConformance(executor: Executor): void {
  describe(`executor ${executor.name}`, () => {
    it("runs a host over its folder: result there, exit 0, output in the log", async () => {
      const done = job('console.log("out"); console.error("err");');
      assert.deepEqual(await executor.start(done).done, { kind: "exited", code: 0 });
      assert.equal(result(done).status, "ok");
      assert.equal(readFileSync(done.logFile, "utf8"), "out\nerr\n");
    });

    it("gives the host the environment of the job and no other", async () => {
      const env = { PATH: process.env.PATH ?? "", GIVEN: "yes" };
      const done = job("console.log(Object.keys(process.env).sort().join());", { env });
      await executor.start(done).done;
      assert.equal(readFileSync(done.logFile, "utf8"), "GIVEN,PATH\n");
    });

    it("reports a host that died, and how", async () => {
      const died = executor.start(job('process.kill(process.pid, "SIGKILL"); await new Promise(() => {});'));
      assert.deepEqual(await died.done, { kind: "signalled", signal: "SIGKILL" });
      const left = executor.start(job("process.exit(7);"));
      assert.deepEqual(await left.done, { kind: "exited", code: 7 });
    });

    it("interrupts: the stage's signal aborts and the host writes that it was interrupted", async () => {
      const waiting = job(WAIT);
      const running = executor.start(waiting);
      await untilExists(join(waiting.root, "started"));
      running.interrupt();
      assert.deepEqual(await running.done, { kind: "exited", code: 0 });
      assert.equal(result(waiting).status, "interrupted");
    });

    it("kills a host that does not listen, without a result", async () => {
      const deaf = job(IGNORE);
      const running = executor.start(deaf);
      await untilExists(join(deaf.root, "started"));
      running.kill();
      assert.deepEqual(await running.done, { kind: "signalled", signal: "SIGKILL" });
      assert.equal(existsSync(join(deaf.folder, TASK_FILES.result)), false);
    });

    it("starts early: the host loads its module, and works when the task is there", async (t) => {
      const { startEarly } = executor;
      if (!startEarly) return t.skip("it has no early start");
      const early = job('console.log("ran");');
      const { module } = JSON.parse(readFileSync(join(early.folder, TASK_FILES.task), "utf8")) as Task;
      const path = fileURLToPath(module);
      writeFileSync(
        path,
        `${readFileSync(path, "utf8")}writeFileSync(${JSON.stringify(early.root)} + "/loaded", "");`,
      );
      const task = join(early.folder, TASK_FILES.task);
      renameSync(task, `${task}.later`);
      const waiting = startEarly(early, [module]);
      await untilExists(join(early.root, "loaded"));
      renameSync(`${task}.later`, task);
      assert.deepEqual(await waiting.begin().done, { kind: "exited", code: 0 });
      assert.equal(result(early).status, "ok");
      assert.equal(readFileSync(early.logFile, "utf8"), "ran\n");
    });

    it("dismisses a host that was started early: it ends and leaves nothing", async (t) => {
      const { startEarly } = executor;
      if (!startEarly) return t.skip("it has no early start");
      const early = job("");
      rmSync(join(early.folder, TASK_FILES.task));
      const waiting = startEarly(early, ["file:///none.mjs"]);
      waiting.dismiss();
      assert.deepEqual(await waiting.begin().done, { kind: "exited", code: 0 });
      assert.deepEqual(readdirSync(early.folder), []);
    });

    it("ends a host that takes more memory than the job allows", async () => {
      const greedy = job(
        "const kept = []; for (;;) { kept.push(Buffer.alloc(8 << 20, 1)); await new Promise((r) => setTimeout(r, 5)); }",
        { memoryMiB: 250 },
      );
      assert.deepEqual(await executor.start(greedy).done, { kind: "out-of-memory", memoryMiB: 250 });
    });
  });
}
