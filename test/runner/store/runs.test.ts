import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import type { RunRecord, StageRecord } from "../../../src/runner/lineage/record.js";
import { ownIdentity } from "../../../src/runner/store/process.js";
import type { Store } from "../../../src/runner/store/store.js";
import { openStore } from "./rig.js";

const record: RunRecord = {
  runId: "20260101T000000-aaaaaa",
  pipeline: "p",
  file: "p.yaml",
  status: "running",
  startedAt: "2026-01-01T00:00:00.000Z",
  durationMs: 0,
  params: {},
  profiles: [],
  overrides: [],
  git: null,
  machine: { platform: "linux", cpus: 2, memoryBytes: 1, node: "20" },
  engine: "wasm",
  stages: [],
};
const stage: StageRecord = {
  name: "crawl",
  kind: "crawl",
  status: "ran",
  reason: "",
  fingerprint: null,
  durationMs: 1,
  attempts: 1,
  items: null,
  inputs: {},
  outputs: {},
  metrics: {},
  notes: [],
};

function start(store: Store, runId = record.runId) {
  const log = store.runs.create(runId);
  log.append({ type: "run-started", record: { ...record, runId }, at: "2026-01-01T00:00:00.000Z" });
  log.append({ type: "stage-finished", stage, at: "2026-01-01T00:00:07.000Z" });
  return log;
}

/** Makes a run look as if its process had ended. */
function kill(store: Store, runId = record.runId): void {
  const dead = { ...ownIdentity(), processStart: "1" };
  writeFileSync(join(store.runs.path(runId), "owner.json"), JSON.stringify(dead));
}

test("a finished run is read from its record", () => {
  const store = openStore();
  const done: RunRecord = { ...record, status: "succeeded", durationMs: 9, stages: [stage] };
  start(store).finish(done);
  assert.deepEqual(store.runs.get(record.runId), done);
  assert.deepEqual([...store.runs.list()], [done]);
  assert.ok(existsSync(store.runs.logsDir(record.runId)));
});

test("a run without a record is running while its process lives, and crashed afterwards", () => {
  const store = openStore();
  start(store);
  assert.equal(store.runs.get(record.runId)?.status, "running");
  kill(store);
  // 7 s from its start to its last event
  assert.deepEqual(store.runs.get(record.runId), {
    ...record,
    status: "crashed",
    durationMs: 7000,
    stages: [stage],
  });
});

test("a torn last event and a damaged record do not hide a run", () => {
  const store = openStore();
  start(store).finish({ ...record, status: "succeeded" });
  kill(store);
  const events = join(store.runs.path(record.runId), "events.jsonl");
  writeFileSync(events, `${readFileSync(events, "utf8")}{"type":"run-fin`);
  const path = join(store.runs.path(record.runId), "record.json");
  writeFileSync(path, "{");
  const messages: string[] = [];
  store.notices.listen((message) => messages.push(message));
  assert.equal(store.runs.get(record.runId)?.status, "crashed");
  assert.equal(messages.length, 1);
  assert.ok(!existsSync(path));
});

test("a run that died before its first event is no run", () => {
  const store = openStore();
  store.runs.create(record.runId);
  assert.deepEqual(store.runs.ids(), []);
  assert.equal(store.runs.get(record.runId), undefined);
});

test("the beginning of an id is enough where it is the only one", () => {
  const store = openStore();
  start(store, "20260101T000000-aaaaaa");
  start(store, "20260102T000000-bbbbbb");
  assert.equal(store.runs.get("20260102")?.runId, "20260102T000000-bbbbbb");
  assert.throws(() => store.runs.get("2026"), /several runs begin with 2026/);
  for (const name of ["2027", "", "../runs", "."]) assert.equal(store.runs.get(name), undefined);
});
