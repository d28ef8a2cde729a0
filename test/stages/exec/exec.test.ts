import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { StageError } from "../../../src/contract/stage.js";
import type { JsonObject } from "../../../src/core/json.js";
import { kind } from "../../../src/stages/exec/kind.js";
import { stage } from "../../../src/stages/exec/run.js";
import { rigContext } from "../../rigs/context.js";
import { temporaryFolder } from "../../rigs/folder.js";
import { writeSamples } from "../screen/tables.js";

const DEFAULTS = { deps: [], outputs: [], env: [], values: {} };

function exec(
  params: JsonObject,
  options: {
    inputs?: Record<string, Record<string, string>>;
    files?: Record<string, string>;
    signal?: AbortSignal;
    secrets?: Record<string, string>;
  } = {},
) {
  const rig = rigContext({
    with: { ...DEFAULTS, ...params },
    ...(options.inputs ? { inputs: options.inputs } : {}),
    ...(options.signal ? { signal: options.signal } : {}),
  });
  for (const [name, text] of Object.entries(options.files ?? {})) {
    mkdirSync(dirname(join(rig.base, name)), { recursive: true });
    writeFileSync(join(rig.base, name), text);
  }
  const secret = (name: string) => {
    const value = options.secrets?.[name];
    if (value === undefined) throw new StageError(`the environment variable ${name} is not set`);
    return value;
  };
  const out = rig.outDir("out");
  return {
    out,
    base: rig.base,
    done: stage.run({ ...rig, secret }),
    read: (name: string) => readFileSync(join(out, name), "utf8"),
  };
}

test("runs in the pipeline's folder; inputs are folders, $OUTPUT is the result", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "blob1"), "one\n");
  writeFileSync(join(folder, "blob2"), "two\n");
  const run = exec(
    { command: 'cat script.txt "$INPUT_MY_DATA/a.txt" "$INPUT_MY_DATA/deep/b.txt" > "$OUTPUT/all.txt"' },
    {
      inputs: { "my-data": { "a.txt": join(folder, "blob1"), "deep/b.txt": join(folder, "blob2") } },
      files: { "script.txt": "zero\n" },
    },
  );
  assert.deepEqual(await run.done, { outputs: { out: [] } });
  assert.equal(run.read("all.txt"), "zero\none\ntwo\n");
});

test("the command sees four variables of ours, the declared ones, and no others", async () => {
  process.env.PIPESTILL_TEST_LEAK = "leak";
  const run = exec(
    {
      command: 'env | cut -d= -f1 | sort > "$OUTPUT/names"; printf %s "$KEY/$MODE" > "$OUTPUT/both"',
      env: ["KEY"],
      values: { MODE: "fast" },
    },
    { secrets: { KEY: "s3" } },
  );
  await run.done;
  delete process.env.PIPESTILL_TEST_LEAK;
  const allowed = new Set([
    "PATH",
    "HOME",
    "TMPDIR",
    "LANG",
    "KEY",
    "MODE",
    "OUTPUT",
    "PWD",
    "OLDPWD",
    "SHLVL",
    "_",
  ]);
  assert.deepEqual(
    run
      .read("names")
      .trim()
      .split("\n")
      .filter((name) => !allowed.has(name)),
    [],
  );
  assert.equal(run.read("both"), "s3/fast");
  await assert.rejects(exec({ command: "true", env: ["KEY"] }).done, /KEY is not set/);
});

test("declared outputs are copied from the working folder, by path, glob and folder", async () => {
  const run = exec({
    command:
      "mkdir -p made/deep; echo 1 > made/x.csv; echo 2 > made/deep/y.csv; echo 3 > 'odd[1].txt'; echo 4 > other",
    outputs: ["made/*.csv", "made/deep/", "odd[1].txt"],
  });
  await run.done;
  assert.deepEqual(readdirSync(run.out, { recursive: true }).sort(), [
    "made",
    "made/deep",
    "made/deep/y.csv",
    "made/x.csv",
    "odd[1].txt",
  ]);
});

test("a missing output, a path outside and a failing command are told apart", async () => {
  await assert.rejects(exec({ command: "true", outputs: ["a.txt", "b/*.csv"] }).done, {
    name: "StageError",
    message: "the command ended well but did not leave a.txt, b/*.csv",
  });
  await assert.rejects(exec({ command: "true", outputs: ["../a"] }).done, /outside the working folder/);
  await assert.rejects(exec({ command: "\n exit 3 # why" }).done, {
    message: "the command failed with exit code 3: exit 3 # why",
  });
  await assert.rejects(exec({ command: "no-such-program-xyz" }).done, (error: StageError) => {
    assert.match(error.options.hint ?? "", /^127 means that a program was not found/);
    return true;
  });
  await assert.rejects(exec({ command: "kill -TERM $$" }).done, /ended by SIGTERM: kill -TERM \$\$/);
});

test("two inputs of one variable name are refused", async () => {
  await assert.rejects(
    exec({ command: "true" }, { inputs: { "a-b": {}, a_b: {} } }).done,
    /would both be INPUT_A_B/,
  );
});

test("an abort ends the whole process group", async () => {
  const abort = new AbortController();
  const run = exec(
    { command: '(trap "" INT; while :; do date +%s%N > "$OUTPUT/beat"; sleep 0.05; done) & wait' },
    { signal: abort.signal },
  );
  const beat = join(run.out, "beat");
  while (!existsSync(beat)) await sleep(20);
  abort.abort();
  await assert.rejects(run.done, { name: "AbortError" });
  await sleep(100);
  const last = readFileSync(beat, "utf8");
  await sleep(300);
  assert.equal(readFileSync(beat, "utf8"), last, "the child in the background still writes");
});

test("Parquet files among the outputs are tables that name their blob columns", async () => {
  const { images } = await writeSamples([{ id: "a", tags: {} }]);
  const run = exec(
    { command: 'cp "$INPUT_X/images.parquet" "$OUTPUT/"' },
    { inputs: { x: { "images.parquet": images } } },
  );
  const file = (await run.done).outputs?.out?.[0];
  assert.ok(file && "table" in file);
  assert.equal(file.path, "images.parquet");
  assert.equal(file.table?.rows, 1);
  assert.deepEqual(file.table?.blobColumns, ["blob"]);
  await assert.rejects(
    exec({ command: 'echo no > "$OUTPUT/x.parquet"' }).done,
    /x\.parquet, which is no Parquet file/,
  );
});

test("declared files are in the identity by content", async () => {
  const seen: string[] = [];
  const identity = await kind.identity?.({
    with: { ...DEFAULTS, command: "x", deps: ["b.py", "lib/a.py"] },
    base: "/p",
    seed: 0,
    hashFile: async (path) => {
      seen.push(path);
      return `hash of ${path}`;
    },
    warn() {},
  });
  assert.deepEqual(identity, { "b.py": "hash of /p/b.py", "lib/a.py": "hash of /p/lib/a.py" });
  assert.deepEqual(seen, ["/p/b.py", "/p/lib/a.py"]);
});
