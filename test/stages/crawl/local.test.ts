import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import sharp from "sharp";
import { sha256, sha256File } from "../../../src/core/hash.js";
import { temporaryFolder } from "../../rigs/folder.js";
import { crawlItems, listSource, sourceConformance } from "./sources-conformance.js";

const PATTERNS = ["**/*.{jpg,jpeg,png,webp}"];

function local(path: string, more: object = {}) {
  return { type: "local", path, patterns: PATTERNS, ignore: [], follow_symlinks: false, ...more };
}

async function picture(width: number, height: number, format: "jpeg" | "png" | "webp" = "png") {
  const background = { r: width % 256, g: height % 256, b: 90 };
  return sharp({ create: { width, height, channels: 3, background } })
    .toFormat(format)
    .toBuffer();
}

function put(folder: string, name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  return path;
}

/** Incompressible pixels, so that the file is larger than what is handed over in memory. */
async function largePicture() {
  const data = Buffer.alloc(300 * 300 * 3);
  for (let i = 0, x = 1; i < data.length; i++) {
    x = (x * 48271) % 2147483647;
    data[i] = x & 255;
  }
  return sharp(data, { raw: { width: 300, height: 300, channels: 3 } })
    .png()
    .toBuffer();
}

async function folderOfPictures() {
  const folder = temporaryFolder();
  put(folder, "a.jpg", await picture(20, 10, "jpeg"));
  put(folder, "deep/er/Ünïcödé ♥ [x] (1).PNG", await picture(11, 12));
  put(folder, "deep/web.webp", await picture(30, 31, "webp"));
  put(folder, "large.png", await largePicture());
  put(folder, "notes.txt", "no picture");
  return folder;
}

sourceConformance("local", async () => ({ source: local(await folderOfPictures()), count: 4 }));

test("an id is the hash of the relative path, the input the hash of the bytes", async () => {
  const base = temporaryFolder();
  const bytes = await picture(4, 5);
  put(base, "pictures/sub/x.png", bytes);
  const { listed } = await listSource({ source: local("pictures"), base });
  assert.deepEqual(
    listed.map(({ id, input, columns }) => ({ id, input, url: columns.source_url })),
    // The first eight bits of FNV-1a (Python: 51), then printf 'sub/x.png' | sha256sum | cut -c1-30
    [{ id: "51f1c5f1f7c10f0aee46b3ed597b4ea9", input: sha256(bytes), url: "sub/x.png" }],
  );
});

test("a moved file keeps its input, so that its pixels are not looked at again", async () => {
  const folder = temporaryFolder();
  put(folder, "x.png", await picture(4, 5));
  const [before] = (await listSource({ source: local(folder) })).listed;
  renameSync(join(folder, "x.png"), join(folder, "y.png"));
  const [after] = (await listSource({ source: local(folder) })).listed;
  assert.equal(after!.input, before!.input);
  assert.notEqual(after!.id, before!.id);
});

test("patterns ignore case, and ignore rules take away", async () => {
  const folder = temporaryFolder();
  for (const name of ["a.JPG", "b.Png", "raw/c.png", "raw/keep/d.png", ".hidden/e.png", "f.gif"]) {
    put(folder, name, "x");
  }
  const { listed } = await listSource({ source: local(folder, { ignore: ["RAW/*.png"] }) });
  const names = listed.map((item) => item.columns.source_url).sort();
  assert.deepEqual(names, ["a.JPG", "b.Png", "raw/keep/d.png"]);
});

test("a pattern means a name however its letters are composed; two such names are two files", async () => {
  const folder = temporaryFolder();
  const [composed, apart] = ["Ünï".normalize("NFC"), "Ünï".normalize("NFD")];
  put(folder, `${composed}.png`, await picture(4, 5));
  put(folder, `${apart}.png`, await picture(5, 4));
  put(folder, "other.png", await picture(5, 5));
  for (const form of [composed, apart]) {
    const { listed } = await listSource({ source: local(folder, { patterns: [`${form}*.png`] }) });
    assert.deepEqual(
      new Set(listed.map((item) => item.columns.source_url)),
      new Set([`${composed}.png`, `${apart}.png`]),
    );
    assert.equal(new Set(listed.map(({ id }) => id)).size, 2);
    const rest = await listSource({ source: local(folder, { ignore: [`${form}*`] }) });
    assert.deepEqual(
      rest.listed.map((item) => item.columns.source_url),
      ["other.png"],
    );
  }
});

test("pipes, folders and broken links are named and left out; nothing hangs", {
  timeout: 20_000,
}, async () => {
  const folder = temporaryFolder();
  const good = put(folder, "good.png", await picture(4, 5));
  symlinkSync(good, join(folder, "link.png"));
  symlinkSync(join(folder, "nowhere"), join(folder, "broken.png"));
  mkdirSync(join(folder, "folder.png"));
  execFileSync("mkfifo", [join(folder, "pipe.png")]);
  put(folder, "secret.png", "x");
  const hashFile = async (path: string) => {
    if (path.endsWith("secret.png")) throw Object.assign(new Error("denied"), { code: "EACCES" });
    return sha256File(path);
  };
  const { listed, warnings } = await listSource({ source: local(folder) }, { hashFile });
  assert.deepEqual(listed.map((item) => item.columns.source_url).sort(), ["good.png", "link.png"]);
  assert.deepEqual(warnings.sort(), [
    "left out broken.png: it is a link to nothing readable (ENOENT)",
    "left out folder.png: it is a folder",
    "left out pipe.png: it is no regular file",
    "left out secret.png: EACCES",
  ]);
});

test("linked folders are followed when asked for, loops once", { timeout: 20_000 }, async () => {
  const folder = temporaryFolder();
  const elsewhere = temporaryFolder();
  put(elsewhere, "far.png", await picture(4, 5));
  put(folder, "near.png", await picture(5, 5));
  symlinkSync(elsewhere, join(folder, "linked"));
  symlinkSync(folder, join(folder, "loop1"));
  symlinkSync(folder, join(folder, "loop2"));
  const names = async (follow_symlinks: boolean) => {
    const { listed, warnings } = await listSource({ source: local(folder, { follow_symlinks }) });
    return { names: listed.map((item) => item.columns.source_url).sort(), warnings };
  };
  assert.deepEqual(await names(false), { names: ["near.png"], warnings: [] });
  const followed = await names(true);
  assert.deepEqual(followed.names, ["linked/far.png", "near.png"]);
  assert.equal(followed.warnings.length, 2);
});

test("a missing folder, or a file in its place, is said at once", async () => {
  const folder = temporaryFolder();
  put(folder, "file", "x");
  await assert.rejects(listSource({ source: local("missing"), base: folder }), /path missing is not there/);
  await assert.rejects(listSource({ source: local("file"), base: folder }), /path file is no folder/);
});

test("what is wrong with a file is its outcome", { timeout: 20_000 }, async () => {
  const folder = temporaryFolder();
  const outcome = async (name: string, bytes: Uint8Array | string, input = sha256(bytes)) => {
    const locator = put(folder, name, bytes);
    const [result] = await crawlItems(local(folder), [{ id: name, input, locator }]);
    assert.ok(result && !result.ok, name);
    return [result.class, result.transient];
  };
  assert.deepEqual(await outcome("changed.png", await picture(2, 2), sha256("before")), ["changed", true]);
  assert.deepEqual(await outcome("text.png", "this is no picture at all"), ["unreadable-image", false]);
  assert.deepEqual(await outcome("empty.png", ""), ["unreadable-image", false]);
  assert.deepEqual(await outcome("drawing.png", '<svg width="9" height="9"></svg>'), ["svg", false]);
  assert.deepEqual(await outcome("sizeless.svg", '<svg xmlns="http://www.w3.org/2000/svg"/>'), [
    "svg",
    false,
  ]);
  assert.deepEqual(await outcome("paper.jpg", "%PDF-1.7 and so on"), ["pdf", false]);
  execFileSync("mkfifo", [join(folder, "pipe.png")]);
  const gone = ["missing.png", "pipe.png"].map((name) => ({
    id: name,
    input: "",
    locator: join(folder, name),
  }));
  for (const result of await crawlItems(local(folder), gone)) {
    assert.ok(!result.ok);
    assert.deepEqual([result.class, result.transient], ["unreadable-file", true]);
  }
});

test("a large file is handed over by its path, a small one by its bytes", async () => {
  const folder = await folderOfPictures();
  const { listed } = await listSource({ source: local(folder) });
  const outcomes = await crawlItems(local(folder), listed);
  const forms = outcomes.map((outcome, i) => {
    assert.ok(outcome.ok);
    return [listed[i]!.columns.source_url, "file" in outcome.blobs!.blob!];
  });
  assert.deepEqual(
    forms.filter(([, byPath]) => byPath),
    [["large.png", true]],
  );
});
