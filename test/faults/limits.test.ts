import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { fates, hashes, PHOTOS, PhotoRig, stageOf } from "../e2e/rig.js";

/** Pictures large enough to be files of their own or not, by their content: some hundred in all. */
const SCENES = `version: 1
name: scenes
stages:
  crawl: { uses: crawl, with: { source: { type: synthetic, count: 60, size: 512 } } }
  resize: { uses: resize, inputs: { images: crawl }, with: { size: 64 } }
`;

/** Node's options by which a process becomes nobody before it does anything else. */
const NOBODY = `--import=data:text/javascript,${encodeURIComponent(
  "process.setgroups([]); process.setgid(65534); process.setuid(65534);",
)}`;

function canMount(): boolean {
  try {
    execFileSync("unshare", ["--mount", "mount", "-t", "tmpfs", "none", "/mnt"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const mounts = { skip: canMount() ? false : "may not mount a file system here" };
const root = { skip: process.getuid?.() === 0 ? false : "only root can become nobody" };

async function mounted(path: string, args: readonly string[], work: () => Promise<void>): Promise<void> {
  mkdirSync(path, { recursive: true });
  execFileSync("mount", [...args, path]);
  try {
    await work();
  } finally {
    execFileSync("umount", ["--lazy", path]);
  }
}

const FULL =
  /failed: (ENOSPC: no space left on device.*|it could not write its result)\n {2}hint: the disk or its table of files is full: df -h and df -i tell/;

for (const { what, options } of [
  { what: "a disk with room for a few pictures", options: "size=1m" },
  { what: "a disk with room for nothing", options: "size=24k" },
  { what: "a table of files with room for a task", options: "size=64m,nr_inodes=40" },
  { what: "a table of files with room for a stage", options: "size=64m,nr_inodes=80" },
]) {
  test(`${what}: said, and once there is room the next run goes on to the same bytes`, mounts, async () => {
    const undisturbed = new PhotoRig();
    undisturbed.write("p.yaml", SCENES);
    const expected = hashes(await undisturbed.run());
    const rig = new PhotoRig();
    rig.write("p.yaml", SCENES);
    const store = join(rig.folder, "artifacts");
    await mounted(store, ["-t", "tmpfs", "-o", options, "none"], async () => {
      const full = await rig.pipe("run", "p.yaml");
      assert.equal(full.code, 1, full.stderr);
      assert.match(full.stderr, FULL);
      assert.doesNotMatch(full.stderr, /bug in pipestill/);
      const runs = await rig.pipe("runs", "--json");
      assert.deepEqual(
        JSON.parse(runs.stdout).map(({ status }: { status: string }) => status),
        ["failed"],
      );
      execFileSync("mount", ["-o", "remount,size=64m,nr_inodes=10000", store]);
      const record = await rig.run();
      assert.deepEqual(hashes(record), expected);
      if (options === "size=1m") assert.ok((stageOf(record, "crawl").items?.reused ?? 0) > 0);
      const verified = await rig.pipe("verify");
      assert.equal(verified.stdout, "The store is sound.\n", verified.stderr);
    });
  });
}

test("a full disk: gc, dry or not, and verify work, and what gc frees the next run has", mounts, async () => {
  const rig = new PhotoRig();
  rig.write("p.yaml", SCENES);
  const store = join(rig.folder, "artifacts");
  await mounted(store, ["-t", "tmpfs", "-o", "size=24m", "none"], async () => {
    await rig.run();
    await rig.run(["-S", "resize.size=48"]);
    // Whatever is left of the disk, to the last byte.
    spawnSync("dd", ["if=/dev/zero", `of=${join(store, "filler")}`, "bs=4k"], { stdio: "ignore" });
    assert.throws(() => writeFileSync(join(store, "more"), "more"), { code: "ENOSPC" });
    rmSync(join(store, "more"), { force: true });
    const dry = await rig.pipe("gc", "--dry-run", "--keep-last", "1", "--json");
    assert.equal(dry.code, 0, dry.stderr);
    const verified = await rig.pipe("verify");
    assert.equal(verified.stdout, "The store is sound.\n", verified.stderr);
    const swept = await rig.pipe("gc", "--keep-last", "1", "--json");
    assert.equal(swept.code, 0, swept.stderr);
    assert.ok(JSON.parse(swept.stdout).removed.packs.bytes > 4096, swept.stdout);
    writeFileSync(join(store, "more"), "more");
    rmSync(join(store, "filler"));
    const after = await rig.pipe("verify");
    assert.equal(after.stdout, "The store is sound.\n", after.stderr);
    assert.equal(fates(await rig.run(["-S", "resize.size=48"])), "crawl cached, resize cached");
  });
});

test(
  "a read-only store: what can be read is read, and a run with nothing to do is done",
  mounts,
  async () => {
    const rig = new PhotoRig();
    rig.write("p.yaml", PHOTOS);
    await rig.pictures(3);
    const first = await rig.run();
    const store = join(rig.folder, "artifacts");
    execFileSync("mount", ["--bind", store, store]);
    try {
      execFileSync("mount", ["-o", "remount,bind,ro", store]);
      const again = await rig.run();
      assert.equal(fates(again), "crawl cached, resize cached, label cached");
      assert.deepEqual(hashes(again), hashes(first));
      for (const args of [
        ["status", "p.yaml"],
        ["plan", "p.yaml"],
        ["explain", "p.yaml", "label"],
        ["runs"],
        ["runs", "show", "last"],
        ["lineage", "p1.png"],
        ["lineage", "artifacts/latest/photos/label"],
        ["verify"],
        ["gc", "--dry-run"],
      ]) {
        const done = await rig.pipe(...args);
        assert.equal(done.code, 0, `${args.join(" ")}: ${done.stderr}`);
        assert.equal(done.stderr, "", args.join(" "));
      }
      const failed = await rig.pipe("run", "p.yaml", "-S", "params.size=16");
      assert.equal(failed.code, 1);
      assert.match(
        failed.stderr,
        /^resize failed: it has to run \(size changed from 32 to 16\), but the store \S+ cannot be written$/m,
      );
      for (const args of [["gc"], ["verify", "--fix"]]) {
        const refused = await rig.pipe(...args);
        assert.equal(refused.code, 1);
        assert.match(
          refused.stderr,
          /^error: .*, but the store \S+ cannot be written\n {2}hint: name a store/,
        );
      }
    } finally {
      execFileSync("umount", ["--lazy", store]);
    }
    assert.deepEqual(readdirSync(join(store, "runs")), [first.runId]);
  },
);

/** Skips where the checkout lies in a folder that is closed to others (a mktemp -d): nobody could not load `pipe`. */
const asNobody = root.skip
  ? root
  : { skip: readableByNobody() ? false : "others may not read this checkout" };

function readableByNobody(): boolean {
  try {
    const look = `require("node:fs").accessSync(${JSON.stringify(fileURLToPath(import.meta.url))})`;
    execFileSync(process.execPath, ["-e", look], { cwd: "/", stdio: "ignore", uid: 65534, gid: 65534 });
    return true;
  } catch {
    return false;
  }
}

test("another user's store is read; files that may not be read are named", asNobody, async () => {
  const rig = new PhotoRig();
  rig.write("p.yaml", PHOTOS);
  await rig.pictures(3);
  chmodSync(rig.folder, 0o755);
  await rig.run();
  const env = { NODE_OPTIONS: NOBODY };
  const cached = await rig.start(["run", "p.yaml", "--json"], env).finished;
  assert.equal(fates(JSON.parse(cached.stdout)), "crawl cached, resize cached, label cached", cached.stderr);
  const refused = await rig.start(["run", "p.yaml", "-S", "params.size=16"], env).finished;
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /^resize failed: it has to run .*, but the store \S+ cannot be written$/m);

  const own = join(rig.folder, "own");
  mkdirSync(own);
  chownSync(own, 65534, 65534);
  chmodSync(join(rig.folder, "pictures/p1.png"), 0);
  const mine = await rig.start(["run", "p.yaml", "--json", "--store", "own"], env).finished;
  assert.equal(mine.code, 0, mine.stderr);
  const record = JSON.parse(mine.stdout);
  assert.equal(fates(record), "crawl ran 2/2, resize ran 2/2, label ran 2/2");
  assert.deepEqual(stageOf(record, "crawl").notes, ["left out p1.png: EACCES"]);

  const none = await rig.start(["run", "p.yaml", "--store", "none"], env).finished;
  assert.equal(none.code, 2);
  assert.match(
    none.stderr,
    /^error: the store \S+ cannot be opened: EACCES.*\n {2}hint: name a folder you can write/,
  );
});

/** One stage that runs a command, or a module with this body. */
const commandStage = (command: string, more: string) =>
  `version: 1\nname: p\nstages: { s: { uses: exec, ${more}, with: ${JSON.stringify({ command })} } }\n`;

const hog =
  "const held = []; for (let i = 0; i < 40; i++) held.push(Buffer.alloc(10 << 20, 1)); setTimeout(() => {}, 60000);";

test("a stage that takes more memory than it may is ended, whether it is the host or its command", async () => {
  const rig = new PhotoRig();
  const says =
    /^s failed: its process used more than the 200 MiB that `resources.memory` allows\n {2}hint: raise/m;
  rig.write("p.yaml", commandStage(`node -e '${hog}'`, "resources: { memory: 200M }"));
  const command = await rig.pipe("run", "p.yaml");
  assert.deepEqual([command.code, command.signal], [1, null]);
  assert.match(command.stderr, says);
  rig.write(
    "m.mjs",
    `export async function run() { ${hog} await new Promise((r) => setTimeout(r, 60000)); }`,
  );
  rig.write("p.yaml", "version: 1\nname: p\nstages: { s: { uses: ./m.mjs, resources: { memory: 200M } } }\n");
  const module = await rig.pipe("run", "p.yaml");
  assert.equal(module.code, 1);
  assert.match(module.stderr, says);
});

test("a stage that hangs is ended when its time is up, one that does not listen too", async () => {
  const rig = new PhotoRig();
  const says = /^s failed: it ran longer than its timeout of 1 s\n {2}hint: raise `timeout`/m;
  rig.write("p.yaml", commandStage("sleep 60", "timeout: 1s"));
  const sleeping = await rig.pipe("run", "p.yaml");
  assert.equal(sleeping.code, 1);
  assert.match(sleeping.stderr, says);
  rig.write("m.mjs", "export async function run() { for (;;); }");
  rig.write("p.yaml", "version: 1\nname: p\nstages: { s: { uses: ./m.mjs, timeout: 1s } }\n");
  const spinning = await rig.pipe("run", "p.yaml");
  assert.equal(spinning.code, 1);
  assert.match(spinning.stderr, says);
});

test("a crash in native code ends the stage, not the run: other stages go on", async () => {
  const rig = new PhotoRig();
  rig.write("m.mjs", "export async function run() { process.kill(process.pid, 'SIGSEGV'); for (;;); }");
  rig.write(
    "p.yaml",
    'version: 1\nname: p\nstages:\n  s: { uses: ./m.mjs }\n  other: { uses: exec, with: { command: "echo > $OUTPUT/a" } }\n',
  );
  const record = await rig.run(["--keep-going"], 1);
  assert.equal(fates(record), "s failed, other ran");
  assert.equal(stageOf(record, "s").failure?.message, "its process was ended by SIGSEGV");
});
