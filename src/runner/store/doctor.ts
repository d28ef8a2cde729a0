import { existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Finding } from "../../core/finding.js";
import { examineDisk, examineWriting } from "./doctor-disk.js";
import { type LockEntry, Locks } from "./locks.js";
import { namesIn } from "./paths.js";
import { Store } from "./store.js";
import { runOfTask } from "./task-folders.js";

/**
 * Looks at a store, whether or not it exists: can it be written, who uses it, what did the dead leave behind.
 *
 * @param flag what names the store on a command line: " --store elsewhere", or "" where it is the usual one
 */
export function examineStore(path: string, flag: string): Finding[] {
  const root = resolve(path);
  const stats = statSync(root, { throwIfNoEntry: false });
  if (!stats) {
    const parent = nearestFolder(root);
    const message = `there is no store ${root} yet: the first run makes it`;
    const writing = examineWriting(parent);
    return [writing.level === "ok" ? { ...writing, message } : writing, examineDisk(parent, flag)];
  }
  if (!stats.isDirectory()) {
    const fix = "name a folder with --store";
    return [{ check: "store", level: "problem", message: `${root} is no folder`, fix }];
  }
  const store = Store.open(root, { readOnly: true });
  return [
    examineWriting(root),
    examineDisk(root, flag),
    ...examineOwners(root, flag),
    ...examineLeftovers(store, flag),
    examineDamaged(root, flag),
  ];
}

function nearestFolder(path: string): string {
  return existsSync(path) ? path : nearestFolder(dirname(path));
}

/** One finding for each process that holds locks or leases. */
function examineOwners(root: string, flag: string): Finding[] {
  const entries = ["leases", "locks"].flatMap((folder) => new Locks(join(root, folder)).list());
  if (entries.length === 0) return [{ check: "locks", level: "ok", message: "nobody uses the store" }];
  const owners = new Map<string, LockEntry[]>();
  for (const entry of entries) {
    const { host, bootId, pid, processStart } = entry.owner;
    const key = JSON.stringify([host, bootId, pid, processStart]);
    owners.set(key, [...(owners.get(key) ?? []), entry]);
  }
  return [...owners.values()].map((held) => describeOwner(held, flag));
}

function describeOwner(entries: readonly LockEntry[], flag: string): Finding {
  const check = "locks";
  const [{ owner, state }] = entries as readonly [LockEntry];
  const who = `process ${owner.pid} on ${owner.host}`;
  const what = entries.map(({ name }) => name.replace(/(?<=[0-9a-f]{12})[0-9a-f]{52}/, "")).join(", ");
  switch (state) {
    case "alive":
      return { check, level: "ok", message: `${who} is alive and holds ${what}` };
    case "dead": {
      const message = `${who} is dead and left ${what}: whoever needs it takes it over at once`;
      return { check, level: "note", message, fix: `pipe gc${flag}` };
    }
    case "elsewhere": {
      const message = `${who}, another machine or container, holds ${what}: if it is dead, whoever needs it waits 30 s`;
      return { check, level: "note", message };
    }
  }
}

/** What runs that have ended left in scratch/ and store/tmp/: finished items are worth keeping, the rest is not. */
function examineLeftovers(store: Store, flag: string): Finding[] {
  const check = "leftovers";
  const live = new Set(store.leases.liveRuns());
  const left = namesIn(store.tasksDir()).filter((name) => !live.has(runOfTask(name) ?? ""));
  const findings: Finding[] = [];
  const items = left.filter((name) => name.startsWith("items-"));
  for (const run of new Set(items.map((name) => runOfTask(name) ?? ""))) {
    const file = run === "" ? undefined : store.runs.get(run)?.file;
    const message = `run ${run} ended and left finished items behind: the next run of its pipeline takes them over`;
    const fix = file === undefined ? "run its pipeline again" : `pipe run ${file}${flag}`;
    findings.push({ check, level: "note", message, fix });
  }
  const parts = live.size > 0 ? [] : namesIn(join(store.root, "store", "tmp"));
  const useless = left.length - items.length + parts.length;
  if (useless > 0) {
    const what = useless === 1 ? "1 file or folder" : `${useless} files or folders`;
    const message = `${what} of runs that have ended: of no more use`;
    findings.push({ check, level: "note", message, fix: `pipe gc${flag}` });
  }
  if (findings.length > 0) return findings;
  return [{ check, level: "ok", message: "no run left anything behind" }];
}

function examineDamaged(root: string, flag: string): Finding {
  const check = "damaged";
  const folder = join(root, "damaged");
  const { length } = namesIn(folder);
  if (length === 0) return { check, level: "ok", message: "nothing was found damaged" };
  const what = length === 1 ? "1 damaged file is" : `${length} damaged files are`;
  const message = `${what} set aside in ${folder}: a disk that lost these bytes may have lost more`;
  // What is set aside goes with gc; what else is damaged is found before.
  return { check, level: "problem", message, fix: `pipe verify --fix${flag} && pipe gc${flag}` };
}
