import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { RunRecord } from "../../src/runner/lineage/record.js";
import type { Death, WritePoint } from "../rigs/mortal.js";
import type { VisionServer } from "../rigs/vision-server.js";
import { ended, mortalRun, readTrace } from "./mortal-run.js";
import { paidRig } from "./paid-rig.js";
import { hashes, type PhotoRig, stageOf } from "./rig.js";

const PICTURES = 12;
/** Six requests, two of them under way at once. */
const MORE = ", batch: 2, concurrency: 2";

interface PaidScene {
  readonly server: VisionServer;
  readonly expected: RunRecord;
  /** Writes that have to do with paid answers. */
  readonly points: readonly WritePoint[];
}

type PaidTrial = WritePoint & { readonly death: Death };

export async function paidScene(server: VisionServer): Promise<PaidScene> {
  const rig = await paidRig(server.endpoint, PICTURES, MORE);
  const trace = join(rig.folder, "trace");
  const done = await mortalRun(rig, [], { trace });
  assert.equal(done.code, 0, done.stderr);
  const points = readTrace(trace)
    .filter((line): line is WritePoint => "name" in line)
    .filter(({ name }) => /answers\.jsonl$| paid\//.test(name));
  rmSync(rig.folder, { recursive: true });
  return { server, expected: JSON.parse(done.stdout) as RunRecord, points };
}

/** Lets a process die at a write, runs again, and looks for what was asked twice: it may only be what nobody answered. */
export async function tryPaidDeath({ server, expected }: PaidScene, trial: PaidTrial): Promise<void> {
  const rig = await paidRig(server.endpoint, PICTURES, MORE);
  const trace = `${rig.folder}.trace`;
  server.asked.clear();
  await mortalRun(rig, [], { trace, at: trial });
  const isRunner = trial.process === "runner" || trial.death === "parent";
  // A host that outlives its runner finishes what it has in hand; the next run waits for it, whenever that begins.
  if (!isRunner) await ended(trace);
  const before = new Map(server.asked);
  const answered = answersOnDisk(rig);
  const record = await rig.run();
  await ended(trace);
  assert.deepEqual(hashes(record), hashes(expected));
  assert.equal(server.asked.size, PICTURES);
  const twice = [...server.asked].filter(([, times]) => times > 1).map(([blob]) => blob);
  for (const blob of answered) assert.ok(!twice.includes(blob), `${blob} was answered and asked about again`);
  for (const blob of twice) assert.ok(before.has(blob) && server.asked.get(blob) === 2);
  const said = stageOf(record, "label").notes.find((note) => note.includes("may be paid for twice")) ?? "";
  const named: readonly string[] = said.match(/[0-9a-f]{12}/g) ?? [];
  for (const blob of twice) assert.ok(named.includes(blob.slice(0, 12)), `${blob} is not named: ${said}`);
  // Named is also what was noted and never sent, for the process died between the two.
  for (const blob of answered) assert.ok(!named.includes(blob.slice(0, 12)), `${blob} is named: ${said}`);
  // Two requests of two pictures each are under way at most.
  assert.ok(named.length <= 4, said);
  assert.equal((await rig.pipe("verify")).code, 0);
  rmSync(rig.folder, { recursive: true });
  rmSync(trace);
}

/** Pictures about which a whole line with an answer stands anywhere in the store. */
function answersOnDisk(rig: PhotoRig): string[] {
  const root = join(rig.folder, "artifacts");
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((path) => /(^|\/)paid\/.*\.jsonl$|\/answers\.jsonl$/.test(path))
    .flatMap((path) => readFileSync(join(root, path), "utf8").split("\n").slice(0, -1))
    .flatMap((line) => {
      const { blob } = JSON.parse(line) as { blob?: string };
      return blob === undefined ? [] : [blob];
    });
}
