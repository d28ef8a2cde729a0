import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { sha256 } from "../../../src/core/hash.js";
import { memoPath } from "../../../src/core/layout.js";
import { Store } from "../../../src/runner/store/store.js";
import { treeHash } from "../../../src/runner/store/trees.js";
import { temporaryFolder } from "../../rigs/folder.js";
import { openStore, resultOf } from "./rig.js";

function noticesOf(store: Store): string[] {
  const messages: string[] = [];
  store.notices.listen((message) => messages.push(message));
  return messages;
}

test("an ingested file becomes a read-only blob, once", async () => {
  const store = openStore();
  const folder = temporaryFolder();
  for (const name of ["a", "b"]) {
    writeFileSync(join(folder, name), "text");
    const blob = await store.blobs.ingestFile(join(folder, name));
    assert.deepEqual(blob, { hash: sha256("text"), bytes: 4 });
    assert.ok(!existsSync(join(folder, name)));
  }
  assert.equal(statSync(store.blobs.path(sha256("text"))).mode & 0o777, 0o444);
  assert.deepEqual(readdirSync(join(store.root, "store/tmp")), []);
  assert.deepEqual(store.blobs.putBytes(Buffer.from("text")), { hash: sha256("text"), bytes: 4 });
  assert.equal(store.blobs.size(sha256("text")), 4);
  assert.throws(() => store.blobs.size(sha256("none")), /does not hold/);
});

test("a file with a second name is copied: writing to that name changes no blob", async () => {
  const store = openStore();
  const folder = temporaryFolder();
  writeFileSync(join(folder, "a"), "text");
  linkSync(join(folder, "a"), join(folder, "b"));
  const { hash } = await store.blobs.ingestFile(join(folder, "a"));
  writeFileSync(join(folder, "b"), "else");
  assert.equal((await store.blobs.read(hash)).toString(), "text");
});

test("links and folders are not ingested; a damaged blob is replaced", async () => {
  const store = openStore();
  const folder = temporaryFolder();
  symlinkSync("/etc/passwd", join(folder, "link"));
  await assert.rejects(store.blobs.ingestFile(join(folder, "link")), /not a regular file/);
  await assert.rejects(store.blobs.ingestFile(folder), /not a regular file/);
  const { hash } = store.blobs.putBytes(Buffer.from("text"));
  rmSync(store.blobs.path(hash));
  writeFileSync(store.blobs.path(hash), "te");
  writeFileSync(join(folder, "a"), "text");
  await store.blobs.ingestFile(join(folder, "a"));
  assert.equal((await store.blobs.read(hash)).toString(), "text");
});

test("a blob is fresh in the process that stored it, until somebody touches its file", () => {
  const store = openStore();
  const { hash } = store.blobs.putBytes(Buffer.from("text"));
  const path = store.blobs.path(hash);
  assert.equal(store.blobs.isFresh(hash), true);
  assert.equal(Store.open(store.root).blobs.isFresh(hash), false);
  const touches: readonly (readonly [what: string, touch: () => void])[] = [
    ["written to", () => [chmodSync(path, 0o644), writeFileSync(path, "else")]],
    ["replaced", () => [rmSync(path), writeFileSync(path, "text")]],
    ["gone", () => rmSync(path)],
    ["set aside", () => void store.blobs.setAside(hash)],
  ];
  for (const [what, touch] of touches) {
    store.blobs.putBytes(Buffer.from("text"));
    assert.equal(store.blobs.isFresh(hash), true);
    touch();
    assert.equal(store.blobs.isFresh(hash), false, what);
  }
});

test("an artifact's hash is over files by bytes and tables by content", () => {
  const [blob, other, content] = [sha256("blob"), sha256("other"), sha256("content")];
  // sha256 of {"entries":{"a":{"blob":"fa2c…"},"t.parquet":{"table":"ed70…"}},"tag":"artifact/1"}, by Python's hashlib
  const expected = "ac1e534df5523ff8c555f44f463052ac793f41c85c86a677413d1d3d06a36003";
  const table = { rows: 1, content };
  assert.equal(treeHash({ "t.parquet": { blob, bytes: 1, table }, a: { blob, bytes: 2 } }), expected);
  const encoded = { blob: other, bytes: 9, table: { ...table, blobColumns: ["blob"] } };
  assert.equal(treeHash({ a: { blob, bytes: 2 }, "t.parquet": encoded }), expected);
  assert.notEqual(treeHash({ a: { blob: other, bytes: 2 }, "t.parquet": encoded }), expected);
});

test("of two encodings of a table the first stays while its bytes are there", () => {
  const store = openStore();
  const [first, second] = ["one", "two!"].map((text) => store.blobs.putBytes(Buffer.from(text)));
  const table = { rows: 1, content: sha256("content") };
  const tree = store.trees.put({ "t.parquet": { blob: first!.hash, bytes: 3, table } });
  assert.deepEqual(store.trees.missing(tree), []);
  const again = () => store.trees.put({ "t.parquet": { blob: second!.hash, bytes: 4, table } });
  assert.equal(again().entries["t.parquet"]?.blob, first!.hash);
  rmSync(store.blobs.path(first!.hash));
  assert.deepEqual(store.trees.missing(tree), ["t.parquet"]);
  assert.equal(again().entries["t.parquet"]?.blob, second!.hash);
  assert.equal(store.trees.get(tree.hash)?.entries["t.parquet"]?.blob, second!.hash);
  assert.equal(store.trees.get(tree.hash)?.bytes, 4);
});

test("paths that would leave an artifact are refused, odd ones are not", () => {
  const store = openStore();
  const { hash: blob, bytes } = store.blobs.putBytes(Buffer.from("x"));
  for (const path of ["../a", "/a", "a/../b", "a//b", "", ".", "a\0b"]) {
    assert.throws(() => store.trees.put({ [path]: { blob, bytes } }), /cannot be the path/, path);
  }
  const odd = JSON.parse(
    `{"__proto__": {"blob": "${blob}", "bytes": 1}, "a b\\nc": {"blob": "${blob}", "bytes": 1}}`,
  );
  const tree = store.trees.put(odd);
  assert.deepEqual(Object.keys(store.trees.get(tree.hash)!.entries), ["__proto__", "a b\nc"]);
});

test("a changed manifest or result is set aside and said, not used", () => {
  const store = openStore();
  const notices = noticesOf(store);
  const blob = store.blobs.putBytes(Buffer.from("x"));
  const tree = store.trees.put({ a: { blob: blob.hash, bytes: 1 } });
  const result = resultOf(store, { out: { hash: tree.hash, bytes: 1 } });
  assert.deepEqual(store.results.get(result.fingerprint), result);
  assert.deepEqual([...store.results.list()], [result]);
  for (const [path, get] of [
    [store.trees.path(tree.hash), () => store.trees.get(tree.hash)],
    [store.results.path(result.fingerprint), () => store.results.get(result.fingerprint)],
  ] as const) {
    const text = readFileSync(path, "utf8");
    for (const broken of [
      text.slice(0, -20),
      "",
      "null",
      "[]",
      "{}",
      text.replace(/"[0-9a-f]{64}"/g, '"x"'),
    ]) {
      writeFileSync(path, broken);
      assert.equal(get(), undefined, broken);
      assert.ok(!existsSync(path));
    }
  }
  assert.equal(notices.length, 12);
  assert.equal(readdirSync(join(store.root, "damaged")).length, 12);
  assert.equal(store.trees.get("../../x"), undefined);
  assert.equal(store.results.get("__proto__"), undefined);
});

test("a read-only store reads, sets nothing aside and writes nothing", () => {
  const store = openStore();
  const result = resultOf(store, {});
  writeFileSync(store.results.path(sha256("broken")), "{");
  const before = readdirSync(store.root, { recursive: true }).sort();
  const reader = Store.open(store.root, { readOnly: true });
  assert.deepEqual(reader.results.get(result.fingerprint), result);
  assert.equal(reader.results.get(sha256("broken")), undefined);
  assert.deepEqual(readdirSync(store.root, { recursive: true }).sort(), before);
});

test("a store cannot be opened where a file stands", () => {
  const path = join(temporaryFolder(), "file");
  writeFileSync(path, "");
  assert.throws(() => Store.open(path), /cannot be opened/);
});

test("memo gives a blob only while the store holds it, and takes only hashes", () => {
  const store = openStore();
  const { hash } = store.blobs.putBytes(Buffer.from("shard"));
  store.memo.put("./my-stage.mjs", sha256("key"), hash);
  assert.equal(store.memo.get("./my-stage.mjs", sha256("key")), hash);
  assert.equal(store.memo.get("pack", sha256("key")), undefined);
  store.blobs.setAside(hash);
  assert.equal(store.memo.get("./my-stage.mjs", sha256("key")), undefined);
  assert.throws(() => store.memo.get("pack", "../../../etc/passwd"), TypeError);
  assert.throws(() => store.memo.put("pack", sha256("key"), "x"), TypeError);
});

test("memo gives a blob only while its bytes match its name", () => {
  const store = openStore();
  const blob = store.blobs.putBytes(Buffer.from("shard of some size"));
  const path = store.blobs.path(blob.hash);
  const recalled = () => store.memo.get("pack", sha256("key"));
  store.memo.put("pack", sha256("key"), blob.hash);
  assert.equal(recalled(), blob.hash);
  // Equal bytes in another file, as in a copied store.
  rmSync(path);
  writeFileSync(path, "shard of some size");
  assert.equal(recalled(), blob.hash);
  for (const bytes of ["shard of some sizE", "shard", ""]) {
    rmSync(path);
    writeFileSync(path, bytes);
    assert.equal(recalled(), undefined, bytes);
  }
  // An entry as stores wrote it before they noted the file's state.
  store.blobs.putBytes(Buffer.from("shard of some size"));
  writeFileSync(memoPath(store.root, "pack", sha256("key")), `${blob.hash}\n`);
  assert.equal(recalled(), blob.hash);
});

test("latest shows copies of small files and links to large ones, and replaces all at once", () => {
  const store = openStore();
  const small = store.blobs.putBytes(Buffer.from("small"));
  const large = store.blobs.putBytes(Buffer.alloc(17 << 20, 1));
  const model = store.trees.put({
    "a/small": { blob: small.hash, bytes: 5 },
    large: { blob: large.hash, bytes: large.bytes },
  });
  const report = store.trees.put({ "report.html": { blob: small.hash, bytes: 5 } });
  store.latest.publish(
    "p/1",
    "train",
    new Map([
      ["model", model],
      ["report", report],
    ]),
    sha256("one"),
  );
  const shown = join(store.root, "..", store.latest.path("p/1", "train"));
  assert.equal(readFileSync(join(shown, "a/small"), "utf8"), "small");
  assert.ok(lstatSync(join(shown, "large")).isSymbolicLink());
  assert.equal(statSync(join(shown, "large")).size, 17 << 20);
  assert.equal(statSync(join(shown, "large")).mode & 0o222, 0);
  assert.equal(
    readFileSync(join(store.root, "..", store.latest.path("p/1", "train", "report"), "report.html"), "utf8"),
    "small",
  );
  writeFileSync(join(shown, "a/small"), "changed by a person");
  assert.equal(readFileSync(store.blobs.path(small.hash), "utf8"), "small");
  assert.deepEqual(store.latest.get("p/1", "train"), {
    fingerprint: sha256("one"),
    outputs: { model: model.hash, report: report.hash },
  });
  store.latest.publish("p/1", "train", new Map([["report", report]]), sha256("two"));
  assert.deepEqual(readdirSync(shown), ["report.html"]);
  assert.equal(readdirSync(join(shown, "../.versions")).length, 1);
  assert.deepEqual(store.latest.get("p/1", "train"), {
    fingerprint: sha256("two"),
    outputs: { report: report.hash },
  });
  assert.equal(store.latest.get("p", "train"), undefined);
});

test("what is shown as before is shown by the same link, what is not by a new one", () => {
  const store = openStore();
  const [one, two, three] = [1, 2, 3].map((byte) => store.blobs.putBytes(Buffer.alloc(17 << 20, byte)));
  const entry = ({ hash, bytes }: { hash: string; bytes: number }) => ({ blob: hash, bytes });
  const show = (entries: Record<string, { blob: string; bytes: number }>, name: string) =>
    store.latest.publish("p", "pack", new Map([["dataset", store.trees.put(entries)]]), sha256(name));
  const shown = join(store.root, "..", store.latest.path("p", "pack"));
  const look = (file: string) => ({
    link: lstatSync(join(shown, file)).ino,
    first: readFileSync(join(shown, file))[0],
  });
  show({ "s/a.tar": entry(one!), "s/b.tar": entry(two!) }, "one");
  const [a, b] = [look("s/a.tar"), look("s/b.tar")];
  show({ "s/a.tar": entry(one!), "s/b.tar": entry(three!) }, "two");
  assert.deepEqual(look("s/a.tar"), process.platform === "linux" ? a : { ...look("s/a.tar"), first: 1 });
  assert.equal(look("s/b.tar").first, 3);
  assert.notEqual(look("s/b.tar").link, b.link);
  assert.equal(readdirSync(join(shown, "../.versions")).length, 1);
});

test("latest replaces a folder that a person put in its place", () => {
  const store = openStore();
  const { hash } = store.blobs.putBytes(Buffer.from("x"));
  const tree = store.trees.put({ a: { blob: hash, bytes: 1 } });
  mkdirSync(join(store.root, "latest/p/train/b"), { recursive: true });
  store.latest.publish("p", "train", new Map([["out", tree]]), sha256("one"));
  assert.deepEqual(readdirSync(join(store.root, "latest/p/train")), ["a"]);
});

test("a digit that changed in a metric is noticed, and a result without a sum is still read", () => {
  const store = openStore();
  const notices = noticesOf(store);
  const result = resultOf(store, {}, { metrics: { map: 0.756, count: 12 } });
  const path = store.results.path(result.fingerprint);
  const text = readFileSync(path, "utf8");
  const { sum, ...older } = JSON.parse(text);
  assert.match(sum, /^[0-9a-f]{64}$/);
  writeFileSync(path, text.replace("0.756", "0.956"));
  assert.equal(store.results.get(result.fingerprint), undefined);
  assert.deepEqual(notices, [`the result ${result.fingerprint.slice(0, 12)} was damaged and is set aside`]);
  assert.ok(!existsSync(path));
  writeFileSync(path, JSON.stringify(older));
  assert.deepEqual(store.results.get(result.fingerprint), result);
});
