import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import sharp from "sharp";
import type { ListedItem } from "../../../src/contract/kind.js";
import { Duck, sqlString } from "../../../src/core/duck.js";
import { sha256File } from "../../../src/core/hash.js";
import type { JsonObject } from "../../../src/core/json.js";
import { kind as crawl } from "../../../src/stages/crawl/kind.js";
import { UrlsSource } from "../../../src/stages/crawl/schema-http.js";
import { temporaryFolder } from "../../rigs/folder.js";
import { send, WebRig } from "../../rigs/web.js";
import { sourceParams } from "./source-params.js";
import { listSource, sourceConformance } from "./sources-conformance.js";

/** `with.source` of a list, defaults filled in. */
function urls(list: string, more: JsonObject = {}): JsonObject {
  return {
    type: "urls",
    list,
    format: "auto",
    extra: [],
    allow_private: true,
    user_agent: "pipestill-test",
    connect_timeout: 1,
    headers_timeout: 1,
    body_timeout: 1,
    per_host: 4,
    ...more,
    columns: { url: "url", ...(more.columns as JsonObject | undefined) },
  };
}

async function listed(
  name: string,
  bytes: Uint8Array | string,
  more: JsonObject = {},
): Promise<ListedItem[]> {
  const base = temporaryFolder();
  writeFileSync(join(base, name), bytes);
  return (await listSource({ source: urls(name, more), base })).listed;
}

/** Addresses that were taken, and what is said of the lines that were not. */
function summary(items: readonly ListedItem[]) {
  return {
    taken: items
      .filter(({ refused }) => !refused)
      .map(({ locator }) => locator)
      .sort(),
    refused: items.flatMap(({ refused }) => (refused ? [refused.detail] : [])),
  };
}

const A = "http://a.test/";

sourceConformance("urls", async () => {
  const picture = (width: number) =>
    sharp({ create: { width, height: 20, channels: 3, background: "teal" } })
      .png()
      .toBuffer();
  const rig = await WebRig.start({
    "/pictures/": async (_request, response, url) =>
      send(response, 200, "image/png", await picture(20 + Number(/\d+/.exec(url.pathname))), { etag: '"1"' }),
  });
  const base = temporaryFolder();
  const lines = Array.from({ length: 15 }, (_, i) => `${rig.url(`/pictures/${i}`)}\tnumber ${i}`);
  writeFileSync(join(base, "list.tsv"), ["url\tcaption", ...lines].join("\n"));
  const source = sourceParams(UrlsSource, { type: "urls", list: "list.tsv", extra: ["caption"] });
  return { source, base, count: 15 };
});

test("a plain list: blank lines are nothing, others are addresses or are named", async () => {
  const text = `\ufeff${A}1.png\r\n\r\n  ${A}2.png \nnothing\nftp://a.test/3\n${"x".repeat(2_000_000)}\n${A}4.png`;
  assert.deepEqual(summary(await listed("urls.txt", text)), {
    taken: [`${A}1.png`, `${A}2.png`, `${A}4.png`],
    refused: [
      "line 4: what stands for its address is none",
      "line 5: the address begins with ftp:, not with http or https",
      "line 6: too long",
    ],
  });
});

test("csv: quotes, commas and line ends in fields; ragged lines and open quotes cost their line alone", async () => {
  const text = [
    "url,caption,license",
    `${A}1,"hello, ""x""\n\r\nand more",cc0`,
    `${A}2,short`,
    "",
    `${A}3,a,b,c`,
    `${A}4,"open`,
    `${A}5,b,c`,
    `${A}6,"x"y,c`,
    `"${A}7",,`,
    ",no address,",
  ].join("\r\n");
  const items = await listed("urls.csv", text, {
    extra: ["caption"],
    columns: { url: "url", license: "license" },
  });
  assert.deepEqual(summary(items), {
    taken: [`${A}1`, `${A}5`, `${A}7`],
    refused: [
      "line 5: 2 values where the head names 3",
      "line 7: 4 values where the head names 3",
      "line 8: a quote that is not closed",
      "line 10: text beside a quoted field",
      "line 12: no address in the column url",
    ],
  });
  const first = items.find(({ locator }) => locator === `${A}1`)!;
  assert.equal(first.columns.caption, 'hello, "x"\n\nand more');
  assert.equal(first.columns.license, "cc0");
});

test("tsv: quotes mean nothing", async () => {
  const items = await listed("urls.tsv.gz", gzipSync(`caption\turl\n"half\t${A}1\n5" tall\t${A}2\none\n`), {
    extra: ["caption"],
  });
  assert.deepEqual(summary(items), {
    taken: [`${A}1`, `${A}2`],
    refused: ["line 4: 1 value where the head names 2"],
  });
  assert.equal(items.find(({ locator }) => locator === `${A}1`)!.columns.caption, '"half');
});

test("jsonl: fields of any type are carried along as text", async () => {
  const text = `{"url":"${A}1","n":5,"tags":["a","b"],"key":7}\n[1]\n{"url":\n{"n":1}\n{"url":null}\n`;
  const items = await listed("urls.jsonl", text, {
    extra: ["n", "tags"],
    columns: { url: "url", id: "key" },
  });
  assert.deepEqual(summary(items), {
    taken: [`${A}1`],
    refused: [
      "line 2: not a JSON object",
      "line 3: not JSON",
      "line 4: no address in the column url",
      "line 5: no address in the column url",
    ],
  });
  const [first] = items;
  assert.deepEqual([first!.id, first!.columns.n, first!.columns.tags], ["7", "5", '["a","b"]']);
});

test("parquet, columns of other names", async () => {
  const base = temporaryFolder();
  const duck = await Duck.open({ scratch: base });
  const path = join(base, "list.parquet");
  await duck.run(
    `COPY (SELECT '${A}' || i AS link, i AS n, CASE WHEN i = 2 THEN NULL ELSE 'me' END AS who FROM range(5000) t(i))
     TO ${sqlString(path)} (FORMAT parquet)`,
  );
  duck.close();
  const source = urls("list.parquet", { columns: { url: "link", author: "who" }, extra: ["n"] });
  const { listed: items } = await listSource({ source, base });
  assert.equal(items.length, 5000);
  const second = items.find(({ locator }) => locator === `${A}2`)!;
  assert.deepEqual([second.columns.n, second.columns.author], ["2", null]);
});

test("a list over HTTP; one that is not to be had is said", async () => {
  const rig = await WebRig.start({
    "/list.csv": (_request, response) => send(response, 200, "text/csv", `url\n${A}1\n`),
  });
  process.env.LIST_TEST_AUTHORIZATION = "Bearer s3cret";
  const source = urls(rig.url("/list.csv"), { authorization_env: "LIST_TEST_AUTHORIZATION" });
  const { listed: items } = await listSource({ source });
  assert.deepEqual(summary(items).taken, [`${A}1`]);
  assert.equal(rig.seen[0]!.headers.authorization, "Bearer s3cret");
  await assert.rejects(listSource({ source: urls(rig.url("/no.csv?token=s3cret")) }), (error: Error) => {
    assert.match(
      error.message,
      /^the list http:\/\/127\.0\.0\.1:\d+\/no\.csv could not be had: the server answered 404/,
    );
    return true;
  });
  const privately = urls(rig.url("/list.csv"), { allow_private: false });
  await assert.rejects(listSource({ source: privately }), /no public address/);
});

test("a list is known by its content here, by its address elsewhere; an address with a key is refused before it is kept", async () => {
  const base = temporaryFolder();
  writeFileSync(join(base, "urls.txt"), `${A}1\n`);
  const identity = (list: string) =>
    crawl.identity!({ with: { source: urls(list) }, base, seed: 0, hashFile: sha256File, warn() {} });
  // printf 'http://a.test/1\n' | sha256sum
  assert.equal(
    await identity("urls.txt"),
    "503d984958a4ce615ee1735fb682c4f912c5f4c28355d5abe39d8317b35d497b",
  );
  assert.equal(await identity("https://a.test/list.csv?version=2#top"), undefined);
  await assert.rejects(identity("https://a.test/list.csv?token=s3cret"), (error: Error) => {
    assert.equal(
      error.message,
      "the address of the list https://a.test/list.csv holds a key, token or signature",
    );
    return true;
  });
});

test("a list that is not there, a format that is not told, a column that is not there: said at once", async () => {
  await assert.rejects(
    listSource({ source: urls("none.csv"), base: temporaryFolder() }),
    /the list none\.csv is not there/,
  );
  const base = temporaryFolder();
  mkdirSync(join(base, "folder.csv"));
  await assert.rejects(listSource({ source: urls("folder.csv"), base }), /the list folder\.csv is no file/);
  await assert.rejects(listed("urls", A), /does not tell its format/);
  await assert.rejects(listed("urls.csv", `link,n\n${A}1,2\n`), /has no column url/);
  await assert.rejects(listed("urls.jsonl", `{"link":1}\n`.repeat(200)), /has no column url/);
});

test("rights that a list tells and nobody reads are said", async () => {
  const base = temporaryFolder();
  writeFileSync(join(base, "urls.csv"), `url,license,author,note\n${A}1,cc0,Ann,x\n${A}2,cc0,Ben,y\n`);
  const warned = async (more: JsonObject) =>
    (await listSource({ source: urls("urls.csv", more), base })).warnings;
  assert.deepEqual(await warned({}), [
    "the list tells author and license, not read: say columns: { author: author, license: license }",
  ]);
  assert.deepEqual(await warned({ columns: { license: "license" }, extra: ["author"] }), []);
});

test("an item is known by its address without what is secret, and is fetched by the whole of it", async () => {
  const line = (signature: string) =>
    `https://me:pw@a.test/1.png?w=5&X-Amz-Date=${signature}&X-Amz-Signature=${signature}#top`;
  const [first] = await listed("urls.txt", line("1"));
  const [again] = await listed("urls.txt", line("2"));
  assert.equal(first!.input, "https://a.test/1.png?w=5");
  assert.equal(first!.columns.source_url, first!.input);
  // printf 'https://a.test/1.png?w=5' | sha256sum | cut -c1-32
  assert.equal(first!.id, "3c5e5af00b72127a7e23a220f614989e");
  assert.equal(first!.locator, line("1"));
  assert.deepEqual([again!.input, again!.id], [first!.input, first!.id]);
  const csv = `url,page\n${A}1,https://a.test/page?api_key=5\n`;
  const [row] = await listed("urls.csv", csv, { columns: { url: "url", page_url: "page" } });
  assert.equal(row!.columns.page_url, "https://a.test/page");
});
