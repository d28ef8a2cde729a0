import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, statfsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "node:test";
import { examineStore } from "../../../src/runner/store/doctor.js";
import { judgeDisk } from "../../../src/runner/store/doctor-disk.js";
import { ownIdentity } from "../../../src/runner/store/process.js";
import type { Store } from "../../../src/runner/store/store.js";
import { temporaryFolder } from "../../rigs/folder.js";
import { addRun, openStore, taskFolder } from "./rig.js";

/** Findings of one check as `level: message (fix)`. */
function told(root: string, check: string, flag = ""): string[] {
  return examineStore(root, flag)
    .filter((finding) => finding.check === check)
    .map(({ level, message, fix }) => `${level}: ${message}${fix === undefined ? "" : ` (${fix})`}`);
}

test("a store in order: nothing but ok, and nothing left of having looked", () => {
  const store = openStore();
  mkdirSync(join(store.root, "results"));
  const findings = examineStore(store.root, "");
  assert.deepEqual([...new Set(findings.map(({ level }) => level))], ["ok"]);
  assert.deepEqual(readdirSync(store.root), ["results"]);
});

test("no store yet is no problem; a file in its place is one", () => {
  const folder = temporaryFolder();
  assert.match(told(join(folder, "no/such"), "store").join(), /^ok: there is no store .*\/no\/such yet/);
  assert.deepEqual(readdirSync(folder), []);
  writeFileSync(join(folder, "file"), "");
  assert.match(told(join(folder, "file"), "store").join(), /^problem: .* is no folder \(name a folder/);
});

test("owners of locks and leases: alive, dead, elsewhere", async () => {
  const store = openStore();
  const lease = await store.leases.shared("busy");
  const lock = await store.locks.acquire(`result-${"ab".repeat(32)}`);
  const own = { ...ownIdentity(), token: "t", beat: "0" };
  const write = (name: string, owner: object) =>
    writeFileSync(join(store.root, `${name}.lock`), JSON.stringify(owner));
  // The pid is used again: by a process that began at another time.
  write("leases/run-gone", { ...own, processStart: "before" });
  write("locks/result-gone", { ...own, processStart: "before" });
  write("leases/run-far", { ...own, host: "pear", pid: 7 });
  const me = `process ${process.pid} on ${own.host}`;
  const expected = [
    "note: process 7 on pear, another machine or container, holds run-far: if it is dead, whoever needs it waits 30 s",
    `note: ${me} is dead and left run-gone, result-gone: whoever needs it takes it over at once (pipe gc --store x)`,
    `ok: ${me} is alive and holds run-busy, result-abababababab`,
  ];
  assert.deepEqual(told(store.root, "locks", " --store x").sort(), expected.sort());
  lock.release();
  lease.release();
});

test("what dead runs left: finished items to be taken over, and what is of no use", async () => {
  const store = openStore();
  addRun(store, "20260101", "2026-01-01T00:00:00Z", []);
  const name = (run: string) => `items-${"a".repeat(64)}.${run}.1-0`;
  taskFolder(store, { name: name("20260101"), inputs: ["a"], finished: false });
  taskFolder(store, { name: name("unknown"), inputs: ["a"], finished: false });
  taskFolder(store, { name: name("busy"), inputs: ["a"], finished: false });
  mkdirSync(store.taskDir("stage-x.20260101.1-0"));
  mkdirSync(join(store.root, "store/tmp"), { recursive: true });
  writeFileSync(join(store.root, "store/tmp/half"), "");
  const lease = await store.leases.shared("busy");
  const found = told(store.root, "leftovers");
  assert.equal(found.length, 3);
  assert.match(found[0] ?? "", /^note: run 20260101 ended .* \(pipe run p\.yaml\)$/);
  assert.match(found[1] ?? "", /^note: run unknown ended .* \(run its pipeline again\)$/);
  // What stands in store/tmp may be the live run's.
  assert.match(found[2] ?? "", /^note: 1 file or folder .* \(pipe gc\)$/);
  lease.release();
  assert.match(told(store.root, "leftovers").at(-1) ?? "", /^note: 2 files or folders .* \(pipe gc\)$/);
});

test("damaged files that were set aside need attention", () => {
  const store = openStore();
  mkdirSync(join(store.root, "damaged"));
  writeFileSync(join(store.root, "damaged/blob"), "");
  assert.match(
    told(store.root, "damaged", " --store x").join(),
    /^problem: 1 damaged file is set aside .* \(pipe verify --fix --store x && pipe gc --store x\)$/,
  );
});

test("a full disk and a full inode table need attention", () => {
  const stats = { ...statfsSync("."), bsize: 4096, blocks: 1e9, bavail: 1e8, files: 1e6, ffree: 5e5 };
  const judge = (change: Partial<typeof stats>) => judgeDisk({ ...stats, ...change }, "");
  assert.deepEqual(judge({}), {
    check: "disk",
    level: "ok",
    message: "410 GB of 4096 GB free, 500,000 more files",
  });
  assert.match(judge({ bavail: 200_000 }).message, /^the disk is almost full: 0\.8 GB/);
  assert.equal(judge({ bavail: 200_000 }).fix, "pipe gc --keep-last 20");
  assert.equal(judge({ ffree: 9_999 }).level, "problem");
  assert.equal(judge({ files: 0, ffree: 0 }).message, "410 GB of 4096 GB free");
});

/** The store's findings as a user sees them who does not own it. */
function asNobody(
  store: Store,
): { readonly check: string; readonly level: string; readonly message: string }[] {
  chmodSync(dirname(store.root), 0o755);
  const module = new URL("../../../src/runner/store/doctor.js", import.meta.url).href;
  const script = `const { examineStore } = await import(${JSON.stringify(module)});
    // Permissions do not bind root; the module is loaded before, since nobody may not be able to read this checkout.
    if (process.getuid() === 0) { process.setgroups([]); process.setgid(65534); process.setuid(65534); }
    console.log(JSON.stringify(examineStore(${JSON.stringify(store.root)}, "")));`;
  const args = ["--input-type=module", "-e", script];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8", cwd: "/" }));
}

test("a store that cannot be written, whole or in part, needs attention", () => {
  const store = openStore();
  mkdirSync(join(store.root, "results"));
  chmodSync(join(store.root, "results"), 0o555);
  chmodSync(store.root, 0o777);
  const [part] = asNobody(store);
  assert.equal(part?.message, `${join(store.root, "results")} cannot be written`);
  chmodSync(store.root, 0o555);
  const [whole] = asNobody(store);
  assert.deepEqual([whole?.level, whole?.message], ["problem", `${store.root} is read-only for this user`]);
});
