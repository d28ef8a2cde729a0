import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { deflateSync, gzipSync } from "node:zlib";
import { type ClientOptions, type GetOptions, WebClient } from "../../../src/core/net/client.js";
import { WebError } from "../../../src/core/net/web-error.js";
import { temporaryFolder } from "../../rigs/folder.js";
import { misbehaviour } from "../../rigs/misbehaving.js";
import { send, WebRig } from "../../rigs/web.js";

const PICTURE = Buffer.alloc(20_000, "picture ");
const OPTIONS: ClientOptions = {
  allowPrivate: true,
  userAgent: "pipestill-test/1",
  connectTimeoutMs: 1000,
  headersTimeoutMs: 400,
  bodyTimeoutMs: 400,
};

async function failure(
  url: string,
  client: Partial<ClientOptions> = {},
  get: Partial<GetOptions> = {},
): Promise<WebError> {
  const web = new WebClient({ ...OPTIONS, ...client });
  try {
    await web.get(url, { maxBytes: 1_000_000, ...get });
  } catch (error) {
    assert.ok(error instanceof WebError, String((error as Error).stack));
    return error;
  } finally {
    await web.close();
  }
  throw new Error(`${url} was had`);
}

test("each way of going wrong is a class of its own, and says whether it may pass", {
  timeout: 30_000,
}, async () => {
  const rig = await WebRig.start(misbehaviour(PICTURE));
  const expected: readonly (readonly [path: string, failure: string, transient: boolean])[] = [
    ["/slow-headers", "timeout", true],
    ["/slow-loris", "timeout", true],
    ["/reset", "truncated", true],
    ["/short", "truncated", true],
    ["/unfinished", "truncated", true],
    ["/bomb", "too-large", false],
    ["/torn-gzip", "too-large", false],
    ["/no-gzip", "bad-encoding", false],
    ["/odd-encoding", "bad-encoding", false],
    ["/loop", "redirect-loop", false],
    ["/forth?0", "too-many-redirects", false],
    ["/to-file", "bad-url", false],
    ["/not-http", "bad-answer", false],
    ["/hangs-up", "connection-reset", true],
    ["/huge", "too-large", false],
    ["/endless", "too-large", false],
    ["/gone", "http-410", false],
    ["/broken", "http-500", true],
    ["/nowhere", "http-404", false],
  ];
  for (const [path, name, transient] of expected) {
    const error = await failure(rig.url(path));
    assert.deepEqual([path, error.failure, error.transient], [path, name, transient], error.message);
  }
  const torn = await failure(rig.url("/torn-gzip"), {}, { maxBytes: 100_000_000 });
  assert.deepEqual([torn.failure, torn.transient], ["truncated", true]);
});

test("a server that repeats the address in its complaint does not bring its secrets into ours", async () => {
  const rig = await WebRig.start({
    "/": (request, response) => send(response, 403, "application/json", `{"error": "${request.url}"}`),
  });
  const error = await failure(rig.url("/x?id=1&token=s3cret%2Fs3cret"));
  assert.match(error.message, /"\/x\?id=1&token=\*\*\*"/);
});

test("what cannot be reached: closed port, unknown name, schemes of other worlds", async () => {
  const rig = await WebRig.start();
  const url = rig.url("/");
  await rig.stop();
  assert.equal((await failure(url)).failure, "connection-refused");
  assert.equal((await failure("http://no-such-host.invalid/")).failure, "dns");
  assert.equal((await failure("ftp://127.0.0.1/x")).failure, "bad-url");
  assert.equal((await failure("file:///etc/passwd")).failure, "bad-url");
  assert.equal((await failure("pictures/1.png")).failure, "bad-url");
});

test("private addresses are refused as a literal in any spelling, by name, and behind a redirect", async () => {
  const rig = await WebRig.start({
    "/": (_request, response) => send(response, 200, "text/plain", "inside"),
  });
  const { port } = rig;
  for (const host of [
    "127.0.0.1",
    "2130706433",
    "0x7f.1",
    "127.1",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "localhost",
    "169.254.169.254",
  ]) {
    const error = await failure(`http://${host}:${port}/`, { allowPrivate: false });
    assert.deepEqual([host, error.failure, error.transient], [host, "private-address", false]);
  }
  assert.equal(rig.seen.length, 0);
});

test("a hop of a redirect is checked like the first, and its secrets stay out of the words", async () => {
  const rig = await WebRig.start(misbehaviour(PICTURE));
  // The server itself is private here: its turn is let through, the second hop is not.
  const web = new WebClient({ ...OPTIONS, allowPrivate: true });
  const hops: string[] = [];
  const hop = async <T>(url: URL, work: () => Promise<T>): Promise<T> => {
    hops.push(url.hostname);
    if (hops.length === 2) throw new WebError("private-address", "stopped here");
    return work();
  };
  await assert.rejects(web.get(rig.url("/to-metadata"), { maxBytes: 1000, hop }), {
    failure: "private-address",
  });
  assert.deepEqual(hops, ["127.0.0.1", "169.254.169.254"]);
  await web.close();
});

test("bodies come decoded, headers in one piece, redirects followed, headers of one's own kept at home", async () => {
  const other = await WebRig.start({
    "/end": (_request, response) => send(response, 200, "text/plain", "other"),
  });
  const rig = await WebRig.start({
    "/plain": (_request, response) => send(response, 200, "text/plain", "plain", { "x-tag": ["a", "b"] }),
    "/gzip": (_request, response) =>
      send(response, 200, "text/plain", gzipSync("packed"), { "content-encoding": "gzip" }),
    "/deflate": (_request, response) =>
      send(response, 200, "text/plain", deflateSync("packed"), { "content-encoding": "deflate" }),
    "/away": (_request, response) =>
      send(response, 307, "text/plain", "", { location: `${other.origin}/end` }),
    "/same": (request, response) =>
      send(response, request.headers["if-none-match"] === '"1"' ? 304 : 200, "text/plain", ""),
  });
  const web = new WebClient(OPTIONS);
  const get = async (path: string, headers = {}) => web.get(rig.url(path), { maxBytes: 1000, headers });
  const plain = await get("/plain");
  assert.deepEqual([plain.body.toString(), plain.headers["x-tag"]], ["plain", "a, b"]);
  assert.equal((await get("/gzip")).body.toString(), "packed");
  assert.equal((await get("/deflate")).body.toString(), "packed");
  assert.equal((await get("/away", { authorization: "Bearer 1" })).body.toString(), "other");
  assert.equal(rig.seen.at(-1)?.headers.authorization, "Bearer 1");
  assert.equal(other.seen[0]?.headers.authorization, undefined);
  assert.equal(other.seen[0]?.headers["user-agent"], "pipestill-test/1");
  assert.equal((await get("/same", { "if-none-match": '"1"' })).status, 304);
  // User and password of an address are sent, and never in a URL.
  await web.get(rig.url("/plain").replace("//", "//me:pa%3Ass@"), { maxBytes: 1000 });
  assert.equal(rig.seen.at(-1)?.headers.authorization, `Basic ${Buffer.from("me:pa:ss").toString("base64")}`);
  await web.get(rig.url("/plain").replace("//", "//100%:x@"), { maxBytes: 1000 });
  assert.equal(rig.seen.at(-1)?.headers.authorization, `Basic ${Buffer.from("100%:x").toString("base64")}`);
  const path = join(temporaryFolder(), "file");
  await web.download(rig.url("/gzip"), path, { maxBytes: 1000 });
  assert.equal(readFileSync(path, "utf8"), "packed");
  await web.close();
});

test("an interrupted request ends with the interruption", async () => {
  const rig = await WebRig.start({ "/": () => {} });
  const web = new WebClient({ ...OPTIONS, headersTimeoutMs: 20_000 });
  const abort = new AbortController();
  const work = web.get(rig.url("/"), { maxBytes: 1000, signal: abort.signal });
  setTimeout(() => abort.abort(new Error("enough")), 50);
  await assert.rejects(work, /enough/);
  await web.close();
});
