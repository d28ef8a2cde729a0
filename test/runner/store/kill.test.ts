import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { sha256 } from "../../../src/core/hash.js";
import { gc } from "../../../src/runner/store/gc.js";
import { Store } from "../../../src/runner/store/store.js";
import { verify } from "../../../src/runner/store/verify.js";
import { temporaryFolder } from "../../rigs/folder.js";
import { blobOf, COLUMNS, knownInputs, SPACE, withDuck } from "./rig.js";

const RIG = new URL("./rig.js", import.meta.url).href;
const STORE = new URL("../../../src/runner/store/store.js", import.meta.url).href;

/** A run that commits one task folder after the other until it is killed. */
function worker(root: string, runId: string) {
  const code = `import { COLUMNS, SPACE, taskFolder, withDuck } from ${JSON.stringify(RIG)};
    import { Store } from ${JSON.stringify(STORE)};
    const store = Store.open(${JSON.stringify(root)});
    const runId = ${JSON.stringify(runId)};
    await store.leases.shared(runId);
    await withDuck(async (duck) => {
      console.log("ready");
      for (let n = 0; ; n++) {
        const name = \`items-\${SPACE}.\${runId}.1-\${n}\`;
        const inputs = [\`\${runId} \${n}\`, \`\${runId} \${n} too\`];
        const folder = taskFolder(store, { name, inputs, loose: [\`\${runId} \${n} loose\`], finished: n % 2 === 0 });
        await store.items.commit(SPACE, COLUMNS, [folder], duck);
        console.log(n);
      }
    });`;
  return spawn(process.execPath, ["--input-type=module", "-e", code], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

test("two runs on one store, killed at arbitrary moments: what was committed is known, what was begun is taken over", () =>
  withDuck(async (duck) => {
    const root = join(temporaryFolder(), "artifacts");
    const committed = new Set<string>();
    for (const [round, delay] of [90, 410, 230, 700].entries()) {
      const ids = [`run${round}a`, `run${round}b`];
      const children = ids.map((id) => {
        const child = worker(root, id);
        child.stdout.on("data", (chunk: Buffer) => {
          for (const n of String(chunk).match(/^\d+$/gm) ?? []) committed.add(`${id} ${n}`);
        });
        return child;
      });
      await Promise.all(children.map((child) => once(child.stdout, "data")));
      await sleep(delay);
      for (const child of children) child.kill("SIGKILL");
      await Promise.all(children.map((child) => once(child, "close")));
      const store = Store.open(root);
      await store.items.harvest(SPACE, COLUMNS, duck);
      await gc(store, { dryRun: false });
      const known = new Set(await knownInputs(store, duck));
      for (const input of committed) {
        for (const name of [input, `${input} too`, `${input} loose`]) {
          assert.ok(known.has(name), `${name} in round ${round}`);
          assert.deepEqual(await store.blobs.read(sha256(blobOf(name))), blobOf(name));
        }
      }
      for await (const problem of verify(store, { fix: false })) assert.fail(problem.message);
      await store.close();
    }
    assert.ok(committed.size >= 4, `${committed.size} folders were committed`);
  }));
