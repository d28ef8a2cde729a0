import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { Duck } from "../../../src/core/duck.js";
import { sha256 } from "../../../src/core/hash.js";
import { writeTable } from "../../../src/core/tables/write.js";
import { Rights } from "../../../src/runner/lineage/rights.js";
import { Store } from "../../../src/runner/store/store.js";
import type { Tree } from "../../../src/runner/store/trees.js";
import { CliRig } from "../../rigs/cli.js";
import { temporaryFolder } from "../../rigs/folder.js";
import { resultOf, withDuck } from "../store/rig.js";

/** id, source_url, page_url, author, license, license_url, attribution, opt_outs. */
const WEB = `VALUES
  ('a', 'https://x.test/a.jpg', 'https://x.test/a', 'Ann [x](y)', 'CC BY 4.0', 'https://creativecommons.org/licenses/by/4.0/', 'A by Ann <b>', 'robots.txt'),
  ('b', 'https://x.test/b.jpg', NULL, 'Bea', 'by', 'https://creativecommons.org/licenses/by/4.0/', NULL, NULL),
  ('c', 'https://x.test/c.jpg', NULL, NULL, NULL, NULL, NULL, NULL),
  ('d', 'https://x.test/d.jpg', NULL, NULL, 'All rights reserved', NULL, NULL, NULL)`;
/** An older table, without opt-outs. */
const STOCK =
  "VALUES ('p', 'https://s.test/p.jpg', 'https://s.test/p', 'Pat', 'Pixabay Content License', NULL, NULL)";
const NAMES = ["id", "source_url", "page_url", "author", "license", "license_url", "attribution", "opt_outs"];

/**
 * Two crawls into one table of images, of which screening dropped `d`; `b` is held out. `x`, in the data set, was
 * crawled by nobody.
 */
async function fill(store: Store, duck: Duck): Promise<{ data: Tree; model: Tree; images: Tree }> {
  const put = async (name: string, query: string): Promise<Tree> => {
    const path = join(temporaryFolder(), name);
    const table = await writeTable(duck, query, ["id"], path);
    const { hash: blob, bytes } = await store.blobs.ingestFile(path);
    return store.trees.put({ [name]: { blob, bytes, table } });
  };
  const made = (stage: string, kind: string, tree: Tree, inputs: Record<string, Tree>) => {
    const hashes = Object.fromEntries(Object.entries(inputs).map(([port, { hash }]) => [port, hash]));
    const preimage = { tag: "stage/1", kind, version: 1, with: {}, inputs: hashes } as const;
    const outputs = { out: { hash: tree.hash, bytes: tree.bytes } };
    return resultOf(store, outputs, { stage, preimage, fingerprint: sha256(stage) });
  };
  const web = await put(
    "images.parquet",
    `SELECT *, 'blob-' || id AS blob FROM (${WEB}) t(${NAMES.join(", ")})`,
  );
  const stock = await put("images.parquet", `SELECT * FROM (${STOCK}) t(${NAMES.slice(0, -1).join(", ")})`);
  const images = await put("images.parquet", "SELECT unnest(['a', 'b', 'c', 'd', 'p', 'x']) AS id");
  const data = await put(
    "samples.parquet",
    "SELECT unnest(['a', 'b', 'c', 'p', 'x']) AS id, CASE id WHEN 'b' THEN 'holdout' ELSE 'train' END AS split",
  );
  const file = store.blobs.putBytes(Buffer.from("a model"));
  const model = store.trees.put({ "student.json": { blob: file.hash, bytes: file.bytes } });
  made("web", "crawl", web, {});
  made("stock", "crawl", stock, {});
  made("both", "exec", images, { web, stock });
  made("pack", "pack", data, { images });
  const train = made("train", "train", model, { data });
  store.latest.publish("p", "train", new Map([["model", model]]), train.fingerprint);
  return { data, model, images };
}

test("the rights of a model are those of the images it learned from, after screening", async () => {
  const store = Store.open(join(temporaryFolder(), "artifacts"));
  await withDuck(async (duck) => {
    const { data, model, images } = await fill(store, duck);
    const rightsOf = async (tree: Tree) => {
      const rights = await Rights.open(store, tree, temporaryFolder());
      const rows = [];
      for await (const chunk of rights.rows()) rows.push(...chunk);
      const found = {
        split: rights.split,
        ...(await rights.counts()),
        licenses: await rights.licenses(),
        rows,
      };
      rights.close();
      return found;
    };
    const ofModel = await rightsOf(model);
    assert.deepEqual(
      ofModel.rows.map(({ id, license_name, opt_outs, picture }) => [id, license_name, opt_outs, picture]),
      [
        ["a", "cc-by-4.0", "robots.txt", "blob-a"],
        ["c", null, null, "blob-c"],
        ["p", "pixabay", null, null],
      ],
    );
    assert.deepEqual([ofModel.split, ofModel.images, ofModel.untraced], ["train", 4, 1]);
    const ofData = await rightsOf(data);
    assert.deepEqual([ofData.split, ofData.images, ofData.untraced], [undefined, 5, 1]);
    assert.deepEqual(ofData.licenses, [
      { license: "cc-by-4.0", images: 2 },
      { license: null, images: 1 },
      { license: "pixabay", images: 1 },
    ]);
    assert.equal((await rightsOf(images)).images, 6);
  });
  await store.close();
});

test("pipe lineage --rights counts licences and lists sources as csv, json and Markdown", async (t) => {
  const rig = new CliRig();
  const store = Store.open(join(rig.folder, "artifacts"));
  await withDuck((duck) => fill(store, duck));
  await store.close();
  const rights = async (...args: string[]) => {
    const done = await rig.pipe("lineage", "train", "--rights", ...args);
    assert.equal(done.code, 0, done.stderr);
    return done.stdout;
  };
  await t.test("in short", async () => {
    const text = await rights();
    assert.match(
      text,
      /^train, 4 images of its training split\n {2}no licence told {2}1\n {2}cc-by-4.0 {8}1\n/,
    );
    assert.match(text, /1 image in no crawl's table/);
  });
  await t.test("csv", async () => {
    const [head, first, ...more] = (await rights("--csv")).trimEnd().split("\n");
    assert.equal(
      head,
      "id,source_url,page_url,author,license,license_name,license_url,attribution,opt_outs,picture",
    );
    assert.equal(
      first,
      "a,https://x.test/a.jpg,https://x.test/a,Ann [x](y),CC BY 4.0,cc-by-4.0,https://creativecommons.org/licenses/by/4.0/,A by Ann <b>,robots.txt,blob-a",
    );
    assert.equal(more.length, 2);
  });
  await t.test("json", async () => {
    const { sources, ...head } = JSON.parse(await rights("--json"));
    assert.deepEqual([head.name, head.split, head.images, head.untraced], ["train", "train", 4, 1]);
    assert.deepEqual(
      sources.map(({ id }: { id: string }) => id),
      ["a", "c", "p"],
    );
  });
  await t.test("Markdown, in which a stranger's signs have no effect", async () => {
    const text = await rights("--md");
    assert.match(text, /\| cc-by-4\.0 \| 1 \|/);
    assert.match(
      text,
      /## cc-by-4\.0\n\n- A by Ann \\<b\\> · <https:\/\/x\.test\/a> · \[CC BY 4\.0\]\(https:\/\/creativecommons\.org\/licenses\/by\/4\.0\/\)\n/,
    );
    assert.match(text, /## pixabay\n\n- by Pat · <https:\/\/s\.test\/p> · Pixabay Content License\n/);
  });
  await t.test("what is no artifact, or holds no images, is said", async () => {
    const unknown = await rig.pipe("lineage", "trian", "--rights");
    assert.equal(unknown.code, 2);
    assert.match(unknown.stderr, /no artifact trian\n {2}hint: did you mean train\?/);
    assert.equal((await rig.pipe("lineage", "train", "--md")).code, 2);
  });
});
