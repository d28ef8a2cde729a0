import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { RunRecord } from "../../src/runner/lineage/record.js";
import { CliRig } from "../rigs/cli.js";
import { fates, stageOf } from "./rig.js";

const FLAGSHIP = fileURLToPath(new URL("../../../pipelines/vision-distill.yaml", import.meta.url));

test("the flagship: killed in training, gone on with, good, and then nothing to do", async (t) => {
  const rig = new CliRig();
  const started = rig.start(["run", FLAGSHIP]);
  await started.stderrHas("epoch 3/");
  started.child.kill("SIGKILL");
  await started.finished;

  const done = await rig.pipe("run", FLAGSHIP, "--json");
  assert.equal(done.code, 0, done.stderr);
  const record = JSON.parse(done.stdout) as RunRecord;

  await t.test("finished stages are reused and training goes on from its newest snapshot", () => {
    assert.equal(
      fates(record),
      "crawl cached, resize cached, label cached, screen cached, index cached, pack cached, train ran, eval ran",
    );
    assert.match(stageOf(record, "train").notes.join("\n"), /resumed at epoch [2-4]/i);
  });

  await t.test("the student has learned: macro mAP at least 0.70 and twice the baseline", () => {
    const { map, map_baseline: baseline, map_tags: tags, images } = stageOf(record, "eval").metrics;
    assert.ok(Number(map) >= 0.7, `macro mAP ${map}`);
    assert.ok(Number(map) >= 2 * Number(baseline), `macro mAP ${map}, baseline ${baseline}`);
    assert.ok(Number(tags) >= 25, `${tags} tags count`);
    // Groups of alike pictures stay together: the last one may reach beyond the 300 asked for.
    assert.ok(Number(images) >= 300 && Number(images) < 310, `${images} held out`);
  });

  await t.test("a second run does nothing and says so", async () => {
    const again = await rig.pipe("run", FLAGSHIP);
    assert.match(again.stdout, /^Nothing to do: all 8 stages are up to date/);
  });

  await t.test("another dropout would run train, and eval after it, alone", async () => {
    const plan = await rig.pipe("plan", FLAGSHIP, "--json", "-S", "train.dropout=0.5");
    const stages = JSON.parse(plan.stdout).stages as { name: string; status: string }[];
    const open = stages.filter(({ status }) => status !== "cached");
    assert.deepEqual(
      open.map(({ name, status }) => `${name} ${status}`),
      ["train run", "eval unknown"],
    );
  });

  await t.test("the report stands alone and the model tags a picture", async () => {
    const latest = join(rig.folder, "artifacts/latest/vision-distill");
    const report = readFileSync(join(latest, "eval/report.html"), "utf8");
    assert.match(report, /<html/);
    assert.doesNotMatch(report, /(src|href)="https?:/);
    assert.ok(existsSync(join(latest, "train/model.json")));
    const picture = fileURLToPath(new URL("../../../docs/images/report.png", import.meta.url));
    const predicted = await rig.pipe("predict", "train", picture, "--json", "--top", "5");
    assert.equal(predicted.code, 0, predicted.stderr);
    const { labels } = JSON.parse(predicted.stdout) as { labels: { tag: string; score: number }[] };
    assert.equal(labels.length, 5);
    // A page of dark words on white.
    assert.ok(
      labels.some(({ tag }) => tag === "bright"),
      JSON.stringify(labels),
    );
  });
});
