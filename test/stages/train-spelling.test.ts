import assert from "node:assert/strict";
import { test } from "node:test";
import { CliRig } from "../rigs/cli.js";

const rig = new CliRig();

function write(params: string): void {
  rig.write(
    "p.yaml",
    `version: 1
name: spelled
stages:
  set: { uses: exec, with: { command: "mkdir -p $OUTPUT && echo > $OUTPUT/x" } }
  train: { uses: train, inputs: { data: set }, with: { engine: wasm, ${params} } }
`,
  );
}

/** What `pipe run` would look a training up by, given these params. */
async function fingerprint(params: string): Promise<{ fingerprint: string; with: Record<string, unknown> }> {
  write(params);
  const done = await rig.pipe("explain", "p.yaml", "train", "--json");
  assert.equal(done.code, 0, done.stderr);
  const explained = JSON.parse(done.stdout);
  return { fingerprint: explained.fingerprint, with: explained.preimage.with };
}

test("a training is looked up by what its params mean, however they are spelled", async () => {
  write("epochs: 1");
  assert.equal((await rig.pipe("run", "p.yaml", "set")).code, 0);
  for (const [plain, ...others] of [
    ["optimizer: adam", "optimizer: { type: adam }", "epochs: 12"],
    [
      "optimizer: sgd",
      "optimizer: { type: sgd, momentum: 0.9 }",
      "optimizer: { type: sgd, nesterov: false, momentum: 0.9 }",
    ],
    ["optimizer: { type: sgd, momentum: 0.8 }", "optimizer: { type: sgd, nesterov: false, momentum: 0.8 }"],
    ["schedule: cosine", "schedule: { type: cosine }"],
    ["schedule: step", "schedule: { type: step, every: 4, factor: 0.1 }"],
    ["loss: kl", "loss: [{ type: kl }]", "loss: [{ type: kl, weight: 1, temperature: 2, inverse: sigmoid }]"],
    ["loss: [{ type: bce }, { type: kl }]", "loss: [{ type: bce, weight: 1 }, { type: kl, temperature: 2 }]"],
    ["unreturned: ignore", "unreturned: { weight: 0 }"],
    ["unreturned: zero", "unreturned: { weight: 1 }", "epochs: 12"],
  ] as const) {
    const wanted = await fingerprint(plain);
    for (const other of others) assert.deepEqual(await fingerprint(other), wanted, `${other} as ${plain}`);
  }
  const { with: kept } = await fingerprint(
    "loss: [{ type: focal, gamma: 3 }], schedule: { type: step, every: 5 }",
  );
  assert.deepEqual(
    [kept.optimizer, kept.loss, kept.schedule],
    ["adam", [{ type: "focal", gamma: 3 }], { type: "step", every: 5 }],
  );
});
