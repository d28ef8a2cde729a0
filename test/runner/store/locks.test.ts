import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Leases } from "../../../src/runner/store/leases.js";
import { Locks } from "../../../src/runner/store/locks.js";
import { ownIdentity } from "../../../src/runner/store/process.js";
import { temporaryFolder } from "../../rigs/folder.js";

const LOCKS = new URL("../../../src/runner/store/locks.js", import.meta.url).href;

/** A process that takes a lock, says so and keeps it. */
async function holder(folder: string, name: string): Promise<ChildProcess> {
  const code = `import { Locks } from ${JSON.stringify(LOCKS)};
    await new Locks(${JSON.stringify(folder)}).acquire(${JSON.stringify(name)});
    console.log("held"); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout!, "data");
  return child;
}

test("a lock is held by one; the next gets it on release", async () => {
  const locks = new Locks(temporaryFolder());
  const first = await locks.acquire("a");
  assert.equal(locks.tryAcquire("a"), undefined);
  assert.ok(locks.tryAcquire("b"));
  const owners: string[] = [];
  const second = locks.acquire("a", { onWait: (owner) => owners.push(owner) });
  await sleep(50);
  first.release();
  first.release();
  (await second).release();
  assert.deepEqual(owners, [`process ${process.pid} on ${ownIdentity().host}`]);
  assert.ok(locks.tryAcquire("a"));
});

test("waiting ends when the signal aborts, with its reason", async () => {
  const locks = new Locks(temporaryFolder());
  await locks.acquire("a");
  const reason = new Error("interrupted");
  await assert.rejects(locks.acquire("a", { signal: AbortSignal.abort(reason) }), reason);
  const abort = new AbortController();
  const waiting = locks.acquire("a", { signal: abort.signal });
  setTimeout(() => abort.abort(reason), 30);
  await assert.rejects(waiting, reason);
});

test("a killed owner's lock is taken over at once", async () => {
  const folder = temporaryFolder();
  const child = await holder(folder, "a");
  const locks = new Locks(folder);
  assert.equal(locks.tryAcquire("a"), undefined);
  assert.deepEqual(await locks.live(""), ["a"]);
  child.kill("SIGKILL");
  await once(child, "exit");
  assert.deepEqual(locks.held(), []);
  const started = performance.now();
  const lock = await locks.acquire("a");
  assert.ok(performance.now() - started < 1000);
  lock.release();
  assert.deepEqual(readdirSync(folder), []);
});

test("a lock whose pid is used again by another process is a dead one", async () => {
  const folder = temporaryFolder();
  const dead = { ...ownIdentity(), processStart: "1", token: "t", beat: "0" };
  writeFileSync(join(folder, "a.lock"), JSON.stringify(dead));
  assert.ok(new Locks(folder).tryAcquire("a"));
});

test("a lock of an earlier boot is dead, one of another machine or container is not", async () => {
  const own = { ...ownIdentity(), token: "t", beat: "0" };
  const [boot, space] = own.bootId.split(" ");
  const tryWith = (owner: object) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "a.lock"), JSON.stringify({ ...own, ...owner }));
    return new Locks(folder).tryAcquire("a") !== undefined;
  };
  assert.equal(tryWith({ bootId: `another ${space}` }), own.machine !== "");
  assert.equal(tryWith({ bootId: `${boot} pid:[1]` }), false);
  assert.equal(tryWith({ host: "pear" }), false);
});

test("an empty lock file, as a power cut can leave, is nobody's", () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "a.lock"), "");
  assert.ok(new Locks(folder).tryAcquire("a"));
});

test("of many takers of a dead lock one at a time wins", async () => {
  const folder = temporaryFolder();
  const journal = join(folder, "journal");
  writeFileSync(journal, "");
  const code = `import { Locks } from ${JSON.stringify(LOCKS)};
    import { appendFileSync } from "node:fs";
    const locks = new Locks(${JSON.stringify(folder)});
    for (let i = 0; i < 25; i++) {
      const lock = await locks.acquire("a");
      appendFileSync(${JSON.stringify(journal)}, "+");
      await new Promise((resolve) => setTimeout(resolve, 1));
      appendFileSync(${JSON.stringify(journal)}, "-");
      if (i === 24 && process.argv[1] === "die") process.kill(process.pid, "SIGKILL");
      lock.release();
    }`;
  const children = ["die", "die", "live", "live"].map((fate) =>
    spawn(process.execPath, ["--input-type=module", "-e", code, fate], { stdio: "inherit" }),
  );
  await Promise.all(children.map((child) => once(child, "exit")));
  assert.equal(readFileSync(journal, "utf8"), "+-".repeat(100));
});

test("runs share the store, gc waits for none and refuses", async () => {
  const leases = new Leases(temporaryFolder());
  const [first, second] = await Promise.all([leases.shared("one"), leases.shared("two")]);
  assert.deepEqual(leases.liveRuns(), ["one", "two"]);
  assert.ok(leases.isLive("one"));
  await assert.rejects(leases.exclusive(), /in use by runs one, two/);
  assert.equal(leases.tryExclusive(), undefined);
  first.release();
  second.release();
  const gc = await leases.exclusive();
  const order: string[] = [];
  const run = leases.shared("three").then((lease) => {
    order.push("run");
    lease.release();
  });
  await sleep(60);
  order.push("gc ends");
  gc.release();
  await run;
  assert.deepEqual(order, ["gc ends", "run"]);
});

test("gc can wait for runs, and a dead run's lease does not hold it up", async () => {
  const root = temporaryFolder();
  const leases = new Leases(root);
  const child = await holder(join(root, "leases"), "run-dead");
  child.kill("SIGKILL");
  await once(child, "exit");
  const live = await leases.shared("live");
  const waiting = leases.exclusive({ wait: true });
  setTimeout(() => live.release(), 50);
  (await waiting).release();
  assert.deepEqual(readdirSync(join(root, "leases")), []);
});
