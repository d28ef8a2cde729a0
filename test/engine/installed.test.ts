import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, test } from "node:test";
import { StageError } from "../../src/contract/stage.js";
import { wheelFromName, wheelOf } from "../../src/engine/install/releases.js";
import {
  type EngineRecord,
  engineKey,
  enginesFolder,
  installedEngines,
  unusable,
} from "../../src/engine/native/installed.js";
import { nodePackage } from "../../src/engine/native/package.js";
import { type Device, type NativePlatform, nativePlatform } from "../../src/engine/native/platform.js";
import { nativeAdvice, resolveEngine } from "../../src/engine/resolve.js";
import { temporaryFolder } from "../rigs/context.js";

const cache = process.env.XDG_CACHE_HOME;
afterEach(() => {
  if (cache === undefined) delete process.env.XDG_CACHE_HOME;
  else process.env.XDG_CACHE_HOME = cache;
});

/** Makes a folder with the records of engines the user's cache; their libraries are not needed to choose one. */
function withEngines(...records: Partial<EngineRecord>[]): string {
  process.env.XDG_CACHE_HOME = temporaryFolder();
  const root = enginesFolder();
  for (const changes of records) {
    const record: EngineRecord = {
      format: "pipestill-engine/1",
      tensorflow: "2.21.0",
      device: "cpu",
      platform: nativePlatform() ?? "linux-x64",
      node_api: 8,
      tfjs: nodePackage()?.version ?? "",
      source: { folder: "/opt/tensorflow" },
      ...changes,
    };
    const folder = join(root, engineKey(record));
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "engine.json"), JSON.stringify(record));
  }
  return root;
}

const canRun = nativePlatform() && nodePackage() ? false : "no native engine can be installed here";

test("auto is wasm and native an error with a hint where no engine is installed", () => {
  withEngines();
  assert.equal(resolveEngine("auto"), "wasm");
  assert.equal(resolveEngine("wasm"), "wasm");
  assert.throws(
    () => resolveEngine("native"),
    (error) => error instanceof StageError && /pipe engine install/.test(error.options.hint ?? ""),
  );
  assert.throws(() => resolveEngine("cuda"), /unknown engine "cuda"/);
});

test("auto and native are tensorflow where an engine is installed", { skip: canRun }, () => {
  withEngines({});
  assert.deepEqual(["auto", "native", "wasm"].map(resolveEngine), ["tensorflow", "tensorflow", "wasm"]);
});

test("engines are listed by version, not by name, and CUDA comes before CPU", () => {
  const root = withEngines(
    { tensorflow: "2.9.1" },
    { tensorflow: "2.21.0" },
    { tensorflow: "2.21.0", device: "cuda" },
    { tensorflow: "2.15.1" },
  );
  const versions = installedEngines(root).map(({ record }) => `${record.tensorflow} ${record.device}`);
  assert.deepEqual(versions, ["2.21.0 cuda", "2.21.0 cpu", "2.15.1 cpu", "2.9.1 cpu"]);
});

test("an engine for another machine, Node or package is not used, and says why", { skip: canRun }, () => {
  const others: [Partial<EngineRecord>, RegExp][] = [
    [{ platform: "other-cpu" as never }, /for other-cpu/],
    [{ node_api: 99 }, /Node-API 99/],
    [{ tfjs: "1.0.0" }, /tfjs-node-gpu 1\.0\.0/],
  ];
  for (const [changes, reason] of others) {
    const [engine] = installedEngines(withEngines(changes));
    assert.match(unusable(engine!) ?? "", reason);
    assert.equal(resolveEngine("auto"), "wasm");
  }
});

test("unfinished work and folders without a record are no engines", () => {
  const root = withEngines();
  mkdirSync(join(root, ".partial-cpu-0123", "engine"), { recursive: true });
  mkdirSync(join(root, "tensorflow-2.21.0-cpu-linux-x64-napi8"));
  assert.deepEqual(installedEngines(root), []);
});

test("only who left the choice open and could have more is told of the native engine", () => {
  if (nativePlatform()) assert.match(nativeAdvice("auto", "wasm") ?? "", /pipe engine install/);
  assert.equal(nativeAdvice("wasm", "wasm"), undefined);
  assert.equal(nativeAdvice("auto", "tensorflow"), undefined);
});

test("each platform's wheel has its project, tags and hash", () => {
  const wheel = (version: string, platform: NativePlatform, device: Device) =>
    wheelOf(version, platform, device, undefined);
  assert.equal(wheel("2.21.0", "linux-x64", "cpu").project, "tensorflow-cpu");
  assert.equal(wheel("2.21.0", "linux-x64", "cuda").project, "tensorflow");
  assert.equal(wheel("2.21.0", "linux-arm64", "cpu").project, "tensorflow");
  assert.equal(wheel("2.15.1", "linux-arm64", "cpu").project, "tensorflow-cpu-aws");
  assert.equal(wheel("2.15.1", "darwin-arm64", "cpu").project, "tensorflow-macos");
  assert.throws(() => wheel("2.21.0", "linux-arm64", "cuda"), /no CUDA build/);
  assert.throws(() => wheel("2.18.0", "linux-x64", "cpu"), /not among the supported versions/);
  assert.equal(wheelOf("2.18.0", "linux-x64", "cpu", "f".repeat(64)).sha256, "f".repeat(64));
});

test("a wheel's file name tells its version and device", () => {
  assert.deepEqual(wheelFromName("tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl"), {
    tensorflow: "2.21.0",
    device: "cpu",
  });
  assert.equal(wheelFromName("tensorflow-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl")?.device, "cuda");
  assert.equal(wheelFromName("tensorflow-2.21.0-cp311-cp311-macosx_12_0_arm64.whl")?.device, "cpu");
  assert.equal(wheelFromName("numpy-2.0.0-cp311-cp311-macosx_12_0_arm64.whl"), undefined);
});
