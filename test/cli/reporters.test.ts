import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { failuresText, logTail } from "../../src/cli/reporters/failure.js";
import { plainReporter } from "../../src/cli/reporters/plain.js";
import { itemsText } from "../../src/cli/reporters/stage-line.js";
import { summaryText } from "../../src/cli/reporters/summary.js";
import { paint } from "../../src/cli/shared/colour.js";
import type { RunEvent } from "../../src/runner/events.js";
import type { RunRecord, StageRecord } from "../../src/runner/lineage/record.js";
import { temporaryFolder } from "../rigs/folder.js";

const off = paint(false);

function stage(name: string, more: Partial<StageRecord> = {}): StageRecord {
  return {
    name,
    kind: name,
    status: "ran",
    reason: "no result of it is in the store",
    fingerprint: null,
    durationMs: 2100,
    attempts: 1,
    items: null,
    inputs: {},
    outputs: {},
    metrics: {},
    notes: [],
    ...more,
  };
}

function run(stages: StageRecord[], more: Partial<RunRecord> = {}): RunRecord {
  return {
    runId: "20261124T214501-3f9a1c",
    pipeline: "demo",
    file: "demo.yaml",
    status: "succeeded",
    startedAt: "2026-11-24T21:45:01.000Z",
    durationMs: 95_000,
    params: {},
    profiles: [],
    overrides: [],
    git: null,
    machine: { platform: "linux x64", cpus: 2, memoryBytes: 1, node: "20.19.0" },
    engine: "wasm",
    stages,
    ...more,
  };
}

const items = (total: number, processed: number, reused: number, failed = 0) => ({
  total,
  processed,
  reused,
  failed,
});

test("item counts say only what does not go without saying", () => {
  assert.equal(itemsText(items(1500, 1500, 0)), "1,500 items");
  assert.equal(itemsText(items(1500, 1, 1499)), "1,500 items (1 processed, 1,499 reused)");
  assert.equal(itemsText(items(1500, 0, 1500)), "1,500 items");
  assert.equal(itemsText(items(3, 3, 0, 1)), "3 items (1 set aside)");
  assert.equal(itemsText(items(1, 0, 1)), "1 item");
});

test("the plain reporter says start, progress every 5 s at most, and finish", () => {
  const lines: string[] = [];
  let clock = 1000;
  const reporter = plainReporter({
    write: (line) => void lines.push(line),
    paint: off,
    verbose: false,
    now: () => clock,
  });
  const at = (time: number, event: RunEvent) => {
    clock = time;
    reporter.listener(event);
  };
  const progress = (done: number): RunEvent => ({
    type: "stage-progress",
    stage: "resize",
    done,
    total: 1500,
  });
  at(1000, {
    type: "stage-started",
    stage: "resize",
    kind: "resize",
    reasons: [{ code: "input-changed", message: "the input images has other content" }],
  });
  at(5999, progress(400));
  at(6000, progress(500));
  at(6001, { ...progress(600), text: "unsaid" } as RunEvent);
  at(11_000, { ...progress(900), text: "epoch 3/12" } as RunEvent);
  at(11_000, { type: "stage-note", stage: "resize", message: "one file is \u001b[31mbroken" });
  at(12_000, { type: "stage-finished", stage: stage("crawl", { status: "cached" }) });
  at(12_000, {
    type: "stage-finished",
    stage: stage("resize", { items: items(1500, 1, 1499), reason: "why" }),
  });
  assert.deepEqual(lines, [
    "resize  starts  (the input images has other content)",
    "resize  500 of 1,500",
    "resize  900 of 1,500  epoch 3/12",
    "resize  note: one file is broken",
    "resize  ran  1,500 items (1 processed, 1,499 reused)  2.1 s  (why)",
  ]);
});

test("a run in which nothing ran says so in one line", () => {
  const stages = ["crawl", "train"].map((name) => stage(name, { status: "cached" }));
  assert.equal(
    summaryText(run(stages, { durationMs: 214 }), "artifacts", off),
    "Nothing to do: all 2 stages are up to date (0.21 s)",
  );
});

test("the summary shows each stage, the headline metric beside its baseline, and where the report is", () => {
  const root = temporaryFolder();
  const store = join(root, "artifacts");
  const folder = join(store, "latest", "demo", "eval");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "report.html"), "");
  const [model, report] = ["a".repeat(64), "b".repeat(64)];
  const record = run([
    stage("crawl", { status: "cached", items: items(1500, 0, 1500) }),
    stage("train", {
      outputs: { model: { hash: model, path: "artifacts/latest/demo/train", bytes: 9 } },
      durationMs: 61_000,
      reason: "dropout changed from 0.35 to 0.5",
      metrics: { loss: 0.2 },
      usage: { images_per_second: 223.44, data_wait_share: 0.01234 },
    }),
    stage("eval", {
      inputs: { model },
      outputs: { report: { hash: report, path: "artifacts/latest/demo/eval", bytes: 9 } },
      metrics: { map: 0.781_26, map_baseline: 0.31, map_tags: 31, ece: 0.02 },
    }),
  ]);
  const before = process.cwd();
  process.chdir(root);
  try {
    assert.equal(
      summaryText(record, store, off),
      [
        "stage  status      time        items  why",
        "crawl  up to date              1,500",
        "train  ran         1 min 01 s         dropout changed from 0.35 to 0.5",
        "eval   ran         2.1 s              no result of it is in the store",
        "",
        "train: 223.4 images/s, 1.234 % of the time waiting for data",
        "eval: macro mAP 0.7813 over 31 tags, baseline 0.31",
        "report: artifacts/latest/demo/eval/report.html",
        "demo done in 1 min 35 s, run 20261124T214501-3f9a1c",
      ].join("\n"),
    );
  } finally {
    process.chdir(before);
  }
});

test("where no tag counts for macro mAP the summary says so", () => {
  const store = join(temporaryFolder(), "artifacts");
  const metrics = { map: null, map_baseline: null, map_tags: 0, micro_map: 0.25 };
  const text = summaryText(run([stage("eval", { metrics })]), store, off);
  assert.match(text, /^eval: no tag counts for macro mAP \(see the report\); micro mAP 0\.25$/m);
});

test("a failure shows its hint, the end of its log and the command that reruns it", () => {
  const root = temporaryFolder();
  const log = join(root, "train.log");
  writeFileSync(log, `${Array.from({ length: 30 }, (_, i) => `line ${i + 1}`).join("\r\n")}\n`);
  const failed = stage("train", {
    status: "failed",
    failure: {
      message: "out of memory",
      hint: "lower batch_size",
      log,
      rerun: "npx pipe run demo.yaml train",
    },
  });
  const lines = failuresText(run([stage("crawl"), failed]), "elsewhere", off).split("\n");
  assert.deepEqual(lines.slice(0, 4), [
    "train failed: out of memory",
    "  hint: lower batch_size",
    "  the end of its log:",
    "  | line 11",
  ]);
  assert.equal(lines.length, 3 + 20 + 2);
  assert.match(lines.at(-2) ?? "", /^ {2}log: .*train\.log$/);
  assert.equal(lines.at(-1), "  run it again: npx pipe run demo.yaml train --store elsewhere");
});

test("a log that is not there, or is empty, has no end", () => {
  const root = temporaryFolder();
  assert.deepEqual(logTail(join(root, "none.log")), []);
  writeFileSync(join(root, "empty.log"), "\n\n");
  assert.deepEqual(logTail(join(root, "empty.log")), []);
});
