import { rmSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../../core/files.js";
import { hashRecord, type Sha256 } from "../../core/hash.js";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.js";
import { isSha256 } from "../../core/layout.js";
import type { ItemCounts } from "../lineage/record.js";
import type { ArtifactRef, Preimage } from "../plan/plan.js";
import type { Notices } from "./notices.js";
import { moveToDamaged, namesIn, parseJson, textOf } from "./paths.js";

/** What a stage gave: the record that makes a cache hit. */
export interface Result {
  readonly fingerprint: Sha256;
  readonly preimage: Preimage;
  readonly outputs: Readonly<Record<string, ArtifactRef>>;
  readonly metrics: JsonObject;
  readonly items: ItemCounts | null;
  /** Items that failed in a way that may pass; such a result is tried again. */
  readonly transientFailures: number;
  readonly runId: string;
  readonly stage: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly durationMs: number;
  readonly versions: Readonly<Record<string, string>>;
  /** The space of the item cache it draws from; gc keeps that space as long as it keeps the result. */
  readonly space?: Sha256;
}

/** Results by fingerprint: results/<fingerprint>.json, for people and DuckDB to read. */
export class Results {
  private readonly folder: string;

  constructor(
    private readonly root: string,
    private readonly readOnly: boolean,
    private readonly notices: Notices,
  ) {
    this.folder = join(root, "results");
  }

  /** The result; undefined where there is none, or a broken one, which is set aside. */
  get(fingerprint: Sha256): Result | undefined {
    if (!isSha256(fingerprint)) return undefined;
    const text = textOf(this.path(fingerprint));
    if (text === undefined) return undefined;
    const result = parseResult(text);
    if (result?.fingerprint === fingerprint) return result;
    if (!this.readOnly) moveToDamaged(this.root, this.path(fingerprint));
    this.notices.add(`the result ${fingerprint.slice(0, 12)} was damaged and is set aside`);
    return undefined;
  }

  /** Keeps a result. All it names must be in the store: from here on it is a hit. */
  put(result: Result): void {
    const record = { ...result, sum: sumOf(JSON.parse(JSON.stringify(result))) };
    writeFileAtomic(this.path(result.fingerprint), `${JSON.stringify(record, undefined, 1)}\n`);
  }

  /** Forgets a result, so that its stage runs again. */
  drop(fingerprint: Sha256): void {
    rmSync(this.path(fingerprint), { force: true });
  }

  /** All results, by fingerprint. */
  *list(): Generator<Result> {
    for (const fingerprint of this.fingerprints()) {
      const result = this.get(fingerprint);
      if (result) yield result;
    }
  }

  /** Fingerprints of all results, sorted. */
  fingerprints(): Sha256[] {
    return namesIn(this.folder)
      .map((name) => name.replace(/\.json$/, ""))
      .filter(isSha256);
  }

  path(fingerprint: Sha256): string {
    return join(this.folder, `${fingerprint}.json`);
  }
}

/** A result's text is believed where its sum is right; those of a release that wrote none are taken by their form. */
function parseResult(text: string): Result | undefined {
  const value = parseJson(text);
  if (!isResult(value)) return undefined;
  const { sum, ...result } = value as Result & { readonly sum?: Json };
  return sum === undefined || sum === sumOf(result as unknown as JsonObject) ? result : undefined;
}

/** sha256 of the record's canonical JSON: a changed digit in a metric is no other metric. */
function sumOf(result: JsonObject): Sha256 {
  return hashRecord({ tag: "result/1", result });
}

function isResult(value: unknown): value is Result {
  const json = value as Json | undefined;
  if (!isJsonObject(json)) return false;
  const { preimage, outputs, metrics, transientFailures, runId, stage, createdAt, durationMs, items } = json;
  return (
    isJsonObject(preimage) &&
    isJsonObject(preimage.inputs) &&
    isJsonObject(outputs) &&
    Object.values(outputs).every(
      (output) => isJsonObject(output) && isSha256(output.hash) && Number.isSafeInteger(output.bytes),
    ) &&
    isJsonObject(metrics) &&
    (items === null || isJsonObject(items)) &&
    typeof transientFailures === "number" &&
    typeof durationMs === "number" &&
    [runId, stage, createdAt].every((text) => typeof text === "string")
  );
}
