import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { openEngine } from "../../src/engine/engine.js";
import { type Progress, Snapshots } from "../../src/student/snapshots.js";
import { temporaryFolder } from "../rigs/folder.js";

before(async () => void (await openEngine("wasm")));

const LOSSES = [0.5, 0.6, 0.4];

/** The progress after so many epochs and, with `part`, so many samples of the next. */
function after(epochs: number, part = 0): Progress {
  return {
    step: epochs * 10 + part,
    optimizer: { beta1: 0.1 + 0.2 },
    history: LOSSES.slice(0, epochs).map((loss, i) => ({
      epoch: i + 1,
      loss,
      samples: 80,
      learning_rate: 0.01,
    })),
    ...(part ? { part: { place: part + 1, samples: part, lossSum: part / 3, learningRate: 0.01 } } : {}),
    broken: [["an id", "is no picture"]],
  };
}

const variable = (values: readonly number[]) => [{ name: "w", value: tf.variable(tf.tensor1d([...values])) }];

describe("snapshots", () => {
  it("give back progress and tensors to the last bit", () => {
    const folder = temporaryFolder();
    const values = [0.1, -0, 1e-42, Number.POSITIVE_INFINITY, Number.NaN];
    new Snapshots(folder, 0).save(after(1, 3), variable(values));
    const fresh = variable([0, 0, 0, 0, 0]);
    const progress = new Snapshots(folder, 0).load(fresh, assert.fail);
    assert.deepEqual(progress, after(1, 3));
    assert.deepEqual(fresh[0]!.value.dataSync(), Float32Array.from(values));
    assert.equal(new Snapshots(temporaryFolder(), 0).load(fresh, assert.fail), undefined);
  });

  it("are kept: the newest two, and the best epoch's; what a kill left half-written goes", () => {
    const folder = temporaryFolder();
    const snapshots = new Snapshots(folder, 0);
    const save = (progress: Progress) => {
      snapshots.save(progress, variable([progress.step]));
      return readdirSync(folder).sort();
    };
    assert.deepEqual(save(after(0, 4)), ["epoch-000000.step-000000004.snapshot"]);
    save(after(1));
    assert.deepEqual(save(after(1, 4)), ["epoch-000001.snapshot", "epoch-000001.step-000000014.snapshot"]);
    writeFileSync(join(folder, "epoch-000002.snapshot.tmp-1-abc"), "half");
    save(after(2));
    save(after(2, 3));
    assert.deepEqual(save(after(2, 5)), [
      "epoch-000001.snapshot",
      "epoch-000002.step-000000023.snapshot",
      "epoch-000002.step-000000025.snapshot",
    ]);
    const w = variable([0]);
    assert.equal(snapshots.load(w, assert.fail)?.step, 25);
    snapshots.loadBest(after(2).history, w);
    assert.deepEqual([...w[0]!.value.dataSync()], [10]);
    assert.deepEqual(save(after(3)), ["epoch-000002.step-000000025.snapshot", "epoch-000003.snapshot"]);
  });

  it("that are damaged are set aside with the reason, and the one before is taken", () => {
    const damages: readonly [(path: string) => void, RegExp][] = [
      [(path) => truncateSync(path, readFileSync(path).length - 1), /do not match its checksum/],
      [(path) => truncateSync(path, 10), /do not match its checksum/],
      [(path) => writeFileSync(path, ""), /do not match its checksum/],
      [
        (path) => {
          const bytes = readFileSync(path);
          bytes[bytes.length - 66]! ^= 1;
          writeFileSync(path, bytes);
        },
        /do not match its checksum/,
      ],
      [
        (path) => {
          const text = "pipestill-snapshot/9 2\n{}";
          writeFileSync(path, text + createHash("sha256").update(text).digest("hex"));
        },
        /its format is pipestill-snapshot\/9, not pipestill-snapshot\/3/,
      ],
    ];
    for (const [damage, reason] of damages) {
      const folder = temporaryFolder();
      const snapshots = new Snapshots(folder, 0);
      snapshots.save(after(1), variable([1]));
      snapshots.save(after(1, 5), variable([2]));
      damage(join(folder, "epoch-000001.step-000000015.snapshot"));
      const said: string[] = [];
      const progress = snapshots.load(variable([0]), (file, why) => said.push(`${file}: ${why}`));
      assert.equal(progress?.step, 10);
      assert.equal(said.length, 1);
      assert.match(said[0]!, reason);
      assert.deepEqual(readdirSync(folder), ["epoch-000001.snapshot"]);
    }
  });

  it("of another network are set aside", () => {
    const folder = temporaryFolder();
    const snapshots = new Snapshots(folder, 0);
    snapshots.save(after(1), variable([1, 2]));
    const said: string[] = [];
    assert.equal(
      snapshots.load(variable([0]), (_, why) => said.push(why)),
      undefined,
    );
    assert.match(said.join(), /the weight w is of shape \[2\]; expected \[1\]/);
  });

  it("are due after each step where asked, else after a while", () => {
    assert.equal(new Snapshots(temporaryFolder(), 0).due(), true);
    assert.equal(new Snapshots(temporaryFolder(), 60_000).due(), false);
  });
});
