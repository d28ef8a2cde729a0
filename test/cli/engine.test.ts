import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { nativePlatform } from "../../src/engine/native/platform.js";
import { CliRig, type Finished } from "../rigs/cli.js";

/** The engines' verb on a machine that has the named programs and no others; each is a script's text. */
class EngineRig {
  readonly cli = new CliRig();
  readonly engines = join(this.cli.folder, "cache/pipestill/engines");
  private readonly bin = join(this.cli.folder, "bin");

  constructor(programs: Readonly<Record<string, string>> = {}) {
    mkdirSync(this.bin);
    for (const name of ["sh", "sleep", "cp"]) symlinkSync(join("/bin", name), join(this.bin, name));
    for (const [name, script] of Object.entries(programs)) {
      chmodSync(this.cli.write(`bin/${name}`, `#!/bin/sh\n${script}\n`), 0o755);
    }
  }

  start(...args: string[]) {
    return this.cli.start(["engine", ...args], {
      PATH: this.bin,
      XDG_CACHE_HOME: join(this.cli.folder, "cache"),
    });
  }

  run(...args: string[]): Promise<Finished> {
    return this.start(...args).finished;
  }

  /** What is left in the folder of engines. */
  left(): string[] {
    return existsSync(this.engines) ? readdirSync(this.engines).sort() : [];
  }
}

const COMPILER = { "g++": "exit 0" };
/** A pip that answers `--version` and does as the script says on `download`; `$dest` is the folder it is told. */
const pip = (download: string) => ({
  python3: `[ "$3" = --version ] && exit 0
for arg; do case "$arg" in --dest=*) dest="\${arg#--dest=}" ;; esac; done
${download}`,
});

const skip = nativePlatform() ? false : "no native engine can be installed here";

test("nothing installed: list says what to do, remove does nothing", async () => {
  const rig = new EngineRig();
  const list = await rig.run("list");
  assert.equal(list.code, 0);
  assert.match(list.stdout, /pipe engine install/);
  assert.deepEqual(JSON.parse((await rig.run("list", "--json")).stdout), { used: "wasm", engines: [] });
  assert.match((await rig.run("remove")).stdout, /No native engine/);
});

test("without a compiler or pip: told before anything is fetched, with the command that helps", {
  skip,
}, async () => {
  const noCompiler = new EngineRig(pip("exit 9"));
  const first = await noCompiler.run("install");
  assert.equal(first.code, 1);
  assert.match(first.stderr, /neither g\+\+ nor clang\+\+[\s\S]*hint: (sudo apt-get install g\+\+|xcode)/);
  const noPip = new EngineRig(COMPILER);
  const second = await noPip.run("install");
  assert.equal(second.code, 1);
  assert.match(second.stderr, /no pip[\s\S]*hint: .*(python3-pip|xcode).*--from/);
  assert.deepEqual([noCompiler.left(), noPip.left()], [[], []]);
});

test("what pip says is passed on, a full disk is called one, and nothing is left", { skip }, async () => {
  const rig = new EngineRig({ ...COMPILER, ...pip("echo 'ERROR: no matching distribution' >&2; exit 1") });
  const failed = await rig.run("install");
  assert.match(failed.stderr, /could not fetch tensorflow\S* 2\.21\.0:\nERROR: no matching distribution/);
  const full = new EngineRig({ ...COMPILER, ...pip("echo 'OSError: No space left on device' >&2; exit 1") });
  assert.match((await full.run("install")).stderr, /no room for the native engine[\s\S]*XDG_CACHE_HOME/);
  assert.deepEqual([rig.left(), full.left()], [[], []]);
});

test("a wheel of another hash is refused", { skip }, async () => {
  const rig = new EngineRig({
    ...COMPILER,
    ...pip('echo changed > "$dest/tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl"'),
  });
  const { code, stderr } = await rig.run("install");
  assert.equal(code, 1);
  assert.match(stderr, /is not the wheel it should be/);
  assert.ok(stderr.includes(createHash("sha256").update("changed\n").digest("hex")), stderr);
  assert.deepEqual(rig.left(), []);
});

test("killed while it fetches: nothing counts as installed, the next attempt works, remove clears up", {
  skip,
}, async () => {
  const rig = new EngineRig({ ...COMPILER, ...pip("echo arrives >&2; sleep 60") });
  const install = rig.start("install");
  await install.stderrHas("fetching");
  const second = await rig.run("install");
  assert.equal(second.code, 1);
  assert.match(second.stderr, /another installation is under way/);
  install.child.kill("SIGKILL");
  await install.finished.catch(() => {});
  assert.deepEqual(JSON.parse((await rig.run("list", "--json")).stdout).engines, []);
  assert.ok(rig.left().length > 0, "the killed installation left its work");
  assert.equal((await rig.run("remove")).code, 0);
  assert.deepEqual(rig.left(), []);
});

test("--from says why something is no TensorFlow", async () => {
  const rig = new EngineRig(COMPILER);
  rig.cli.write("numpy-2.0.0-py3-none-any.whl", "");
  rig.cli.write("empty/file", "");
  rig.cli.write("tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl", "no zip");
  for (const [from, why] of [
    ["nowhere", /no such file or folder/],
    ["numpy-2.0.0-py3-none-any.whl", /not that of a TensorFlow wheel/],
    ["empty", /does not hold libtensorflow/],
    ["tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl", /no whole wheel/],
  ] as const) {
    const { code, stderr } = await rig.run("install", "--from", from);
    assert.equal(code, 1, stderr);
    assert.match(stderr, why);
  }
  assert.deepEqual(rig.left(), []);
});

test("options that contradict each other, and what is no hash, are wrong usage", async () => {
  const rig = new EngineRig();
  for (const args of [
    ["--cpu", "--cuda"],
    ["--from", "x.whl", "--tensorflow", "2.15.1"],
    ["--sha256", "abc"],
  ]) {
    assert.equal((await rig.run("install", ...args)).code, 2, args.join(" "));
  }
});
