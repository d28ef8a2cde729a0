import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Column } from "../../../src/contract/kind.js";
import { type ItemLine, TASK_FILES } from "../../../src/contract/task.js";
import { Duck, parquet, sqlName, sqlString } from "../../../src/core/duck.js";
import { sha256 } from "../../../src/core/hash.js";
import { PackWriter } from "../../../src/core/packs.js";
import { writeTable } from "../../../src/core/tables/write.js";
import type { RunRecord } from "../../../src/runner/lineage/record.js";
import type { Result } from "../../../src/runner/store/results.js";
import { Store } from "../../../src/runner/store/store.js";
import { temporaryFolder } from "../../rigs/folder.js";

export const SPACE = sha256("a space");
export const COLUMNS: readonly Column[] = [
  { name: "blob", type: "VARCHAR", blob: true },
  { name: "width", type: "BIGINT" },
  { name: "labels", type: "STRUCT(tag VARCHAR, score DOUBLE)[]" },
];

export function openStore(): Store {
  return Store.open(join(temporaryFolder(), "artifacts"));
}

export async function withDuck<T>(use: (duck: Duck) => Promise<T>): Promise<T> {
  const duck = await Duck.open({ scratch: temporaryFolder() });
  try {
    return await use(duck);
  } finally {
    duck.close();
  }
}

/** An outcome as a stage host logs it; its blob is a function of the input. */
export function line(input: string): ItemLine {
  const labels = [{ tag: "a", score: 0.5 }];
  return { input, ok: true, columns: { blob: sha256(blobOf(input)), width: input.length, labels } };
}

export function blobOf(input: string): Buffer {
  return Buffer.from(`pixels of ${input}`);
}

/** A task folder as a host leaves it: what it did of `inputs`, and whether it lived to write its result. */
export function taskFolder(
  store: Store,
  options: {
    readonly name?: string;
    readonly inputs?: readonly string[];
    readonly loose?: readonly string[];
    readonly lines?: readonly (ItemLine | string)[];
    readonly finished?: boolean;
  },
): string {
  const folder = store.taskDir(options.name ?? `items-${SPACE}.dead.1-0`);
  mkdirSync(join(folder, TASK_FILES.blobs), { recursive: true });
  const pack = new PackWriter(join(folder, TASK_FILES.pack));
  const { inputs = [], loose = [], lines = [] } = options;
  for (const input of inputs) pack.append(sha256(blobOf(input)), blobOf(input));
  for (const input of loose) {
    writeFileSync(join(folder, TASK_FILES.blobs, sha256(blobOf(input))), blobOf(input));
  }
  pack.close();
  const all = [...[...inputs, ...loose].map(line), ...lines];
  writeFileSync(
    join(folder, TASK_FILES.items),
    all.map((l) => (typeof l === "string" ? l : `${JSON.stringify(l)}\n`)).join(""),
  );
  if (options.finished ?? true) writeFileSync(join(folder, TASK_FILES.result), "{}");
  return folder;
}

/** Inputs with a usable outcome, sorted; failed ones end in "!". */
export async function knownInputs(store: Store, duck: Duck): Promise<string[]> {
  const parts = store.items.segments(SPACE).map(({ parquet: path, lost }) => {
    const list = lost.map(sqlString).join(", ");
    return `SELECT input, ok FROM ${parquet(path)}
      ${list === "" ? "" : `WHERE coalesce(${sqlName("blob")} NOT IN (${list}), true)`}`;
  });
  if (parts.length === 0) return [];
  const rows = await duck.all(`SELECT DISTINCT input, ok FROM (${parts.join(" UNION ALL ")}) ORDER BY input`);
  return rows.map(({ input, ok }) => `${input}${ok === true ? "" : "!"}`);
}

export function resultOf(store: Store, outputs: Result["outputs"], extra: Partial<Result> = {}): Result {
  const fingerprint = extra.fingerprint ?? sha256(JSON.stringify(outputs));
  const result: Result = {
    fingerprint,
    preimage: { tag: "stage/1", kind: "test", version: 1, with: {}, inputs: {} },
    outputs,
    metrics: {},
    items: null,
    transientFailures: 0,
    runId: "20260101T000000-aaaaaa",
    stage: "test",
    createdAt: "2026-01-01T00:00:00.000Z",
    durationMs: 1,
    versions: { node: "20" },
    ...extra,
  };
  store.results.put(result);
  return result;
}

/** A result whose table names item blobs, and a plain file beside it. */
export async function addResult(
  store: Store,
  duck: Duck,
  name: string,
  inputs: readonly string[],
  extra: Partial<Result> = {},
): Promise<Result> {
  const path = join(temporaryFolder(), "images.parquet");
  const rows = inputs.map((input) => `('${input}', '${sha256(blobOf(input))}')`).join(", ");
  const table = await writeTable(duck, `SELECT * FROM (VALUES ${rows}) t(id, blob)`, ["id"], path);
  const { hash: blob, bytes } = await store.blobs.ingestFile(path);
  const file = store.blobs.putBytes(Buffer.from(`file of ${name}`));
  const tree = store.trees.put({
    "images.parquet": { blob, bytes, table: { ...table, blobColumns: ["blob"] } },
    file: { blob: file.hash, bytes: file.bytes },
  });
  const outputs = { images: { hash: tree.hash, bytes: tree.bytes } };
  return resultOf(store, outputs, { stage: name, fingerprint: sha256(name), ...extra });
}

/** A finished run that has these results. */
export function addRun(store: Store, runId: string, startedAt: string, results: readonly Result[]): void {
  const record: RunRecord = {
    runId,
    pipeline: "p",
    file: "p.yaml",
    status: "succeeded",
    startedAt,
    durationMs: 1,
    params: {},
    profiles: [],
    overrides: [],
    git: null,
    machine: { platform: "linux", cpus: 2, memoryBytes: 1, node: "20" },
    engine: "wasm",
    stages: results.map(({ stage, fingerprint, outputs }) => ({
      name: stage,
      kind: "test",
      status: "ran",
      reason: "",
      fingerprint,
      durationMs: 1,
      attempts: 1,
      items: null,
      inputs: {},
      outputs: Object.fromEntries(Object.entries(outputs).map(([port, ref]) => [port, { ...ref, path: "" }])),
      metrics: {},
      notes: [],
    })),
  };
  const log = store.runs.create(runId);
  log.append({ type: "run-started", record: { ...record, status: "running" }, at: startedAt });
  log.finish(record);
}
