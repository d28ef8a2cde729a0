import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gc } from "../../src/runner/store/gc.js";
import { Store } from "../../src/runner/store/store.js";
import { verify } from "../../src/runner/store/verify.js";
import { knownInputs } from "./known.js";
import { fates, hashes, type PhotoRig, stageOf } from "./rig.js";
import type { Scene } from "./scenes.js";

/**
 * Runs again after a death and checks that nothing is wrong, missing, repeated or left over.
 *
 * @param quiet resolves when no process of the dead run is left
 */
export async function checkRecovery(
  scene: Scene,
  rig: PhotoRig,
  when: string,
  quiet: () => Promise<void>,
): Promise<void> {
  const results = join(rig.folder, "artifacts/results");
  const there = existsSync(results) ? readdirSync(results) : [];
  const known = await knownInputs(rig);
  const epochs = new Map(
    scene.expected.stages.map(({ name, fingerprint }) => [name, lastSnapshot(rig, fingerprint as string)]),
  );
  const record = await rig.run(scene.args);
  assert.deepEqual(hashes(record), hashes(scene.expected), when);
  for (const { name, fingerprint, items } of scene.expected.stages) {
    const stage = stageOf(record, name);
    if (there.includes(`${fingerprint}.json`)) assert.equal(stage.status, "cached", `${name}: ${when}`);
    else if (items) {
      const space = spaceOf(rig, fingerprint as string);
      const finished = (known.get(space) ?? 0) - (scene.known.get(space) ?? 0);
      const most = items.processed - finished;
      assert.ok((stage.items?.processed ?? 0) <= most, `${finished} finished, but ${fates(record)}: ${when}`);
    } else {
      const epoch = epochs.get(name) ?? 0;
      const resumed = Number(/resumed at epoch (\d+)/.exec(stage.notes.join("\n"))?.[1] ?? 1);
      assert.ok(resumed > epoch, `${name} began at epoch ${resumed} though ${epoch} were done: ${when}`);
    }
  }
  await quiet();
  const store = Store.open(join(rig.folder, "artifacts"));
  for await (const { what, message } of verify(store, { fix: false }))
    assert.fail(`${what} ${message}: ${when}`);
  await gc(store, { dryRun: false });
  await store.close();
  assert.deepEqual(leftovers(store.root), [], when);
  const again = await rig.run(scene.args);
  assert.ok(
    again.stages.every(({ status }) => status === "cached"),
    `${fates(again)}: ${when}`,
  );
}

/** Epochs of a training whose snapshot is there. */
function lastSnapshot(rig: PhotoRig, fingerprint: string): number {
  const folder = join(rig.folder, "artifacts/scratch/snapshots", fingerprint, "snapshots");
  if (!existsSync(folder)) return 0;
  const epochs = readdirSync(folder).map((name) => Number(/^epoch-(\d+)\.snapshot$/.exec(name)?.[1] ?? 0));
  return Math.max(0, ...epochs);
}

function spaceOf(rig: PhotoRig, fingerprint: string): string {
  const path = join(rig.folder, "artifacts/results", `${fingerprint}.json`);
  return JSON.parse(readFileSync(path, "utf8")).space;
}

/** What a store without runs and after gc may hold. */
const KNOWN = [
  /^(results|trees)\/[0-9a-f]{64}\.json$/,
  /^store\/[0-9a-f]{2}\/[0-9a-f]{62}$/,
  /^store\/packs\/[0-9a-f]{16}\.(pack|idx)$/,
  /^scratch\/reserve$/,
  /^cache\/items\/[0-9a-f]{64}\/[0-9a-f]{16}\.(json|parquet|loose)$/,
  /^cache\/stat\/\d{9}-[0-9a-f]{16}\.stat$/,
  /^latest\/[a-z-]+\/(\.state\/)?[a-z]+(\.json)?$/,
  /^latest\/[a-z-]+\/\.versions\/[a-z]+\.[0-9a-f]{16}\//,
  /^runs\/[^/]+\/(owner|record)\.json$/,
  /^runs\/[^/]+\/(events\.jsonl|logs\/[a-z]+\.log|files\/.*)$/,
  /^cache\/memo\/[a-z]+\/[0-9a-f]{2}\/[0-9a-f]+$/,
  /^cache\/shared\/[a-z]+\/[a-z]+-[0-9a-f]{64}\.(json|parquet)$/,
];

function leftovers(root: string): string[] {
  const files = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
  return files.filter((path) => !KNOWN.some((pattern) => pattern.test(path))).sort();
}
