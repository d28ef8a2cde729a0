import assert from "node:assert/strict";
import { mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import type { ListContext, Listed, ListedItem } from "../../../src/contract/kind.js";
import { sha256, sha256File } from "../../../src/core/hash.js";
import { keyOf } from "../../../src/core/stat-state.js";
import { makeRecord, StatTable } from "../../../src/core/stat-table.js";
import { statFiles } from "../../../src/runner/store/stat.js";
import { Store } from "../../../src/runner/store/store.js";
import { list } from "../../../src/stages/crawl/sources/local/list.js";
import { idOf } from "../../../src/stages/crawl/sources/local/units.js";
import { temporaryFolder } from "../../rigs/folder.js";
import { listing } from "./sources-conformance.js";

/** What a source sees when it lists; `given` counts first. */
function listContext(given: Partial<ListContext> & Pick<ListContext, "with">): ListContext {
  return { ...listing(), base: "/", seed: 0, hashFile: sha256File, warn() {}, ...given };
}

const OLD = new Date("2020-01-01T00:00:00Z");

function put(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  utimesSync(path, OLD, OLD);
}

function source(path: string, more: object = {}) {
  return { type: "local", path, patterns: ["**/*.png"], ignore: [], follow_symlinks: false, ...more };
}

async function all(listed: Listed): Promise<ListedItem[]> {
  const items: ListedItem[] = [];
  for await (const item of listed) items.push(item);
  return items;
}

/** What an earlier run has remembered of some files: a real table, in memory that threads share. */
async function rememberedTables(paths: readonly string[]): Promise<SharedArrayBuffer[]> {
  const root = join(temporaryFolder(), "artifacts");
  const store = Store.open(root);
  for (const path of paths) await store.stat.hashFile(path);
  await store.close();
  return statFiles(join(root, "cache/stat")).map((file) => {
    const table = StatTable.read(file);
    assert.ok(table instanceof StatTable && table.shared);
    return table.shared;
  });
}

/** So much remembered of other files that threads are worth it. */
function muchElse(): SharedArrayBuffer {
  const state = Buffer.alloc(32);
  const records = Array.from({ length: 20_000 }, (_, i) =>
    makeRecord(keyOf(`other ${i}`), state, Buffer.alloc(32)),
  );
  const { bytes } = StatTable.of(records);
  const shared = new SharedArrayBuffer(bytes.length);
  bytes.copy(Buffer.from(shared));
  return shared;
}

test("a folder's identity is what the definition gives, and every item is listed", async () => {
  const root = temporaryFolder();
  const texts = { "a.png": "one", "sub/b.png": "two", "sub/deep/c.png": "three", "sub/deep/d.png": "four" };
  for (const [name, text] of Object.entries(texts)) put(join(root, name), text);
  const listed = await list(listContext({ with: { source: source(root) } }));
  // Python: each sum is sha256 over name, NUL, hexadecimal sha256 and line break of the files whose FNV-1a (32 bits) has
  // the unit's number in its top eight bits; an id is these and 120 bits of the name's sha256.
  assert.equal(listed.units?.count, 4);
  assert.deepEqual(listed.units?.sums, {
    "4c": "44be3c91977eae5cb168502f9b3a847e1b85be41c5473a614240ecf9b50cc16b",
    "74": "b05dc0cc01bdfecbd35258361f6cd3cc270235087f42e277c6efc49debfc30cf",
    "99": "8b7103428cd5f3aa2ccae203444dceacf08516f959779f6c45418f3460d1623c",
    b1: "9e36ab0fb50cc27b940da4801e5752c5e0e179ca44a9e5c6c5a8560e7327c4f8",
  });
  const items = await all(listed);
  assert.deepEqual(items.map(({ columns, id }) => [columns.source_url, id]).sort(), [
    ["a.png", "747f071235805fbf58a2524f77bff76e"],
    ["sub/b.png", "4c75e5a71e997df603a159ae09470f66"],
    ["sub/deep/c.png", "9910044fadfbb6377e4867f2fbaddcc4"],
    ["sub/deep/d.png", "b14194aa6ce1185a694b1f04f573255e"],
  ]);
  assert.deepEqual(
    [...listed.units!.items(["74", "99"])],
    items.filter(({ id }) => id.startsWith("74") || id.startsWith("99")),
  );
});

test("a unit's files are summed in the order of their names' code units, in whatever order folders give them", async () => {
  const root = temporaryFolder();
  const folders = ["", "a", "a.b", "a-b", "A", "a/b", "Z", "é", "e\u0301", "\uff5e", "😀"];
  const names = Array.from({ length: 1500 }, (_, i) => join(folders[i % folders.length]!, `${i}.png`));
  for (const name of names) put(join(root, name), `picture ${name}`);
  const byUnit = new Map<string, string[]>();
  for (const name of names.sort()) {
    const lines = byUnit.get(idOf(name).slice(0, 2)) ?? [];
    lines.push(`${name}\0${sha256(`picture ${name}`)}\n`);
    byUnit.set(idOf(name).slice(0, 2), lines);
  }
  const sums = Object.fromEntries([...byUnit].map(([unit, lines]) => [unit, sha256(lines.join(""))]));
  const tables = await rememberedTables(names.map((name) => join(root, name)));
  for (const remembered of [[], tables, [...tables, muchElse()]]) {
    const listed = await list(
      listContext({ with: { source: source(root) }, rememberedFiles: () => remembered }),
    );
    assert.deepEqual(listed.units?.sums, sums);
    const items = await all(listed);
    assert.deepEqual(items.map(({ columns }) => columns.source_url as string).sort(), names);
    for (const { columns, input } of items) assert.equal(input, sha256(`picture ${columns.source_url}`));
  }
});

test("what is remembered, looked up here or in threads, gives what hashing gives, whatever has changed since", async () => {
  const root = temporaryFolder();
  const elsewhere = temporaryFolder();
  const paths = Array.from({ length: 300 }, (_, i) => join(root, `${i % 7}`, `${i % 3}`, `${i}.png`));
  for (const [i, path] of paths.entries()) put(path, `picture ${i}`);
  put(join(elsewhere, "linked.png"), "linked");
  const tables = await rememberedTables(paths);
  const much = muchElse();
  const changes: readonly [string, () => void][] = [
    ["nothing", () => {}],
    ["one is written anew", () => put(paths[5]!, "other")],
    ["one is added", () => put(join(root, "new/x.png"), "new")],
    ["one is moved", () => renameSync(paths[8]!, join(root, "moved.png"))],
    ["one is gone", () => rmSync(paths[9]!)],
    ["a link to a file", () => symlinkSync(join(elsewhere, "linked.png"), join(root, "link.png"))],
    ["a link to a folder", () => symlinkSync(elsewhere, join(root, "folder"))],
    ["a link to nothing", () => symlinkSync(join(elsewhere, "none"), join(root, "broken.png"))],
  ];
  for (const [what, change] of changes) {
    change();
    for (const follow_symlinks of [false, true]) {
      const look = async (rememberedFiles: () => readonly SharedArrayBuffer[]) => {
        const warnings: string[] = [];
        const given = { with: { source: source(root, { follow_symlinks }) }, rememberedFiles };
        const listed = await list(listContext({ ...given, warn: (message) => void warnings.push(message) }));
        return { sums: listed.units?.sums, items: await all(listed), warnings: warnings.sort() };
      };
      const here = await look(() => []);
      assert.deepEqual(await look(() => tables), here, what);
      assert.deepEqual(await look(() => [...tables, much]), here, `${what}, in threads`);
    }
  }
});

test("what is remembered is not read again: only misses are hashed", async () => {
  const root = temporaryFolder();
  const paths = Array.from({ length: 40 }, (_, i) => join(root, `${i}.png`));
  for (const [i, path] of paths.entries()) put(path, `picture ${i}`);
  const tables = await rememberedTables(paths);
  put(paths[3]!, "another");
  for (const remembered of [tables, [...tables, muchElse()]]) {
    const hashed: string[] = [];
    const listed = await list(
      listContext({
        with: { source: source(root) },
        rememberedFiles: () => remembered,
        async hashFile(path) {
          hashed.push(path);
          return "ab".repeat(32);
        },
      }),
    );
    assert.deepEqual(hashed, [paths[3]]);
    const inputs = new Map((await all(listed)).map(({ locator, input }) => [locator, input]));
    assert.equal(inputs.get(paths[3]!), "ab".repeat(32));
    assert.equal(inputs.size, 40);
  }
});
