import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import sharp from "sharp";
import { fates, stageOf } from "../e2e/rig.js";
import { misbehaviour } from "../rigs/misbehaving.js";
import { send, WebRig } from "../rigs/web.js";
import { CrawlRig } from "./crawl-rig.js";

const QUICK = "connect_timeout: 1, headers_timeout: 0.5, body_timeout: 0.5, retries: 0, max_bytes: 1000000";

function pixels(look: number, width = 40, height = 30) {
  const data = Buffer.alloc(width * height * 3);
  for (let i = 0; i < data.length; i++) data[i] = (look * 53 + i * (3 + (look % 5))) & 255;
  return sharp(data, { raw: { width, height, channels: 3 } });
}

const PICTURE = await pixels(1).png().toBuffer();

test("every way in which a fetch fails has its class; what may pass is tried again, the rest is not", async () => {
  const rig = await WebRig.start({
    ...misbehaviour(PICTURE),
    "/good": (_request, response) => send(response, 200, "image/png", PICTURE),
    "/bomb-of-pixels": async (_request, response) =>
      send(response, 200, "image/png", await pixels(1, 4000, 3000).png({ compressionLevel: 9 }).toBuffer()),
    "/robots.txt": (_request, response) =>
      send(
        response,
        200,
        "text/plain",
        "User-agent: *\nDisallow: /secret\n\nUser-agent: other\nDisallow: /\n",
      ),
  });
  const expected: Readonly<Record<string, string>> = {
    "/slow-headers": "timeout",
    "/slow-loris": "timeout",
    "/reset": "truncated",
    "/short": "truncated",
    "/bomb": "too-large",
    "/huge": "too-large",
    "/loop": "redirect-loop",
    "/forth?0": "too-many-redirects",
    "/to-file": "bad-url",
    "/hangs-up": "connection-reset",
    "/gone": "http-410",
    "/broken": "http-500",
    "/nowhere": "http-404",
    "/html": "html",
    "/svg": "svg",
    "/pdf": "pdf",
    "/text": "unreadable-image",
    "/torn-picture": "broken-image",
    "/noai": "robots-tag",
    "/tdm": "tdm-reservation",
    "/secret/1.png": "robots-disallowed",
    "/bomb-of-pixels": "too-many-pixels",
  };
  const passing = ["timeout", "truncated", "connection-reset", "http-500"];
  const paths = Object.keys(expected);
  const unknown = "http://no-such-host.invalid/1.png";
  const crawl = new CrawlRig(
    [...paths, "/good/1.png"].map((path) => rig.url(path)).concat(unknown),
    `${QUICK}, max_pixels: 1000000`,
  );
  await crawl.run();
  const classes = (await crawl.failures()).map(({ source_url: url, class: name, transient, attempts }) => {
    assert.equal(attempts, 1);
    assert.equal(transient, ["dns", ...passing].includes(String(name)), String(name));
    return [String(url), name];
  });
  assert.deepEqual(
    Object.fromEntries(classes),
    Object.fromEntries([...paths.map((path) => [rig.url(path), expected[path]]), [unknown, "dns"]]),
  );
  assert.deepEqual(
    (await crawl.images()).map(({ source_url: url }) => url),
    [rig.url("/good/1.png")],
  );
  assert.equal(rig.count("/robots.txt"), 1);
  assert.equal(rig.count("/secret/1.png"), 0);

  const before = new Map(paths.map((path) => [path, rig.count(path)]));
  const again = stageOf(await crawl.run(), "crawl");
  assert.equal(again.status, "ran");
  for (const path of paths) {
    const more = rig.count(path) - before.get(path)!;
    // /forth is sent on to other addresses of the same path.
    assert.equal(more > 0, passing.includes(expected[path]!), `${path} was asked for ${more} times more`);
  }
  assert.equal(rig.count("/good/1.png"), 1);
});

test("addresses inside are refused, and no secret of them is written down", async () => {
  const rig = await WebRig.start(misbehaviour(PICTURE));
  const crawl = new CrawlRig(
    [rig.url("/good.png?api_key=s3cret"), rig.url("/to-metadata?token=s3cret")],
    QUICK,
  );
  crawl.pipeline(`${QUICK}, allow_private: false`);
  const done = await crawl.pipe("run", "p.yaml", "--json");
  assert.equal(done.code, 1);
  assert.match(done.stderr, /all 2 items failed: 2 private-address/);
  assert.equal(done.stderr.match(/allow_private: true lets such addresses through/g)?.length, 1);
  assert.doesNotMatch(done.stderr + done.stdout, /s3cret/);
  crawl.pipeline(`${QUICK}, allow_private: false, robots: false, max_failures: 1`);
  const early = await crawl.pipe("run", "p.yaml");
  assert.match(early.stderr, /hint: .*max_failures; allow_private: true lets such addresses through/);
  assert.equal(rig.seen.length, 0);
  assert.equal(
    spawnSync("grep", ["-rl", "s3cret", join(crawl.folder, "artifacts")], { encoding: "utf8" }).stdout,
    "",
  );
});

test("a storm of 429: the host is left alone as long as it asks, and everything is had in the end", async () => {
  let refused = 0;
  let quietUntil = 0;
  const rig = await WebRig.start({
    "/": (request, response) => {
      if (request.url === "/robots.txt") return send(response, 404, "text/plain", "");
      // Ten requests, then a second of silence; who does not keep to it starts the second anew.
      const now = performance.now();
      if (now < quietUntil || rig.seen.length % 12 === 11) {
        refused += 1;
        quietUntil = now + 1000;
        return send(response, 429, "text/plain", "slow down", { "retry-after": "1" });
      }
      return send(response, 200, "image/png", PICTURE);
    },
  });
  const addresses = Array.from({ length: 30 }, (_, i) => rig.url(`/${i}.png`));
  const crawl = new CrawlRig(addresses, "retries: 8, per_host: 2");
  const stage = stageOf(await crawl.run(), "crawl");
  assert.deepEqual([stage.items?.total, stage.items?.failed], [30, 0]);
  assert.ok(refused >= 2 && refused <= 12, `${refused} requests were refused`);
});

test("pace, concurrency and crawl-delay are kept to", async () => {
  const rig = await WebRig.start({
    "/robots.txt": (_request, response) =>
      send(response, 200, "text/plain", "User-agent: *\nCrawl-delay: 0.2\n"),
    "/": (_request, response) => void setTimeout(() => send(response, 200, "image/png", PICTURE), 20),
  });
  const crawl = new CrawlRig(
    Array.from({ length: 6 }, (_, i) => rig.url(`/${i}.png`)),
    "per_host: 4",
  );
  await crawl.run();
  const times = rig.seen.map(({ at }) => at);
  for (let i = 1; i < times.length; i++)
    assert.ok(times[i]! - times[i - 1]! > 150, `${times[i]! - times[i - 1]!} ms`);
  const wide = await WebRig.start({
    "/": (_request, response) => void setTimeout(() => send(response, 200, "image/png", PICTURE), 30),
  });
  const many = new CrawlRig(
    Array.from({ length: 40 }, (_, i) => wide.url(`/${i}.png`)),
    "per_host: 3, robots: false",
  );
  await many.run();
  assert.equal(wide.most, 3);
  assert.equal(wide.seen.length, 40);
});

test("a robots.txt out of order forbids all until it can be read, a missing one nothing", async () => {
  let status = 503;
  const rig = await WebRig.start({
    "/robots.txt": (_request, response) => send(response, status, "text/plain", ""),
    "/": (_request, response) => send(response, 200, "image/png", PICTURE),
  });
  const crawl = new CrawlRig([rig.url("/1.png")], "retries: 0");
  const failed = await crawl.pipe("run", "p.yaml");
  assert.match(failed.stderr, /robots-unreachable/);
  assert.equal(rig.count("/1.png"), 0);
  status = 403;
  assert.equal(fates(await crawl.run()), "crawl ran 1/1");
  const [image] = await crawl.images();
  assert.equal(image?.opt_outs, "robots.txt, x-robots-tag, tdmrep");
});

test("opt-outs meant for others do not count, and none where the user says so", async () => {
  const tagged = (value: string) => (_request: unknown, response: Parameters<typeof send>[0]) =>
    send(response, 200, "image/png", PICTURE, { "x-robots-tag": value });
  const rig = await WebRig.start({
    "/other": tagged("otherbot: noai, noindex"),
    "/later": tagged("unavailable_after: 25 Jun 2030 15:00:00 PST"),
    "/us": tagged("otherbot: nofollow, pipestill: noindex"),
    "/all": tagged("noarchive, NOAI"),
  });
  const addresses = ["/other", "/later", "/us", "/all"].map((path) => rig.url(path));
  const crawl = new CrawlRig(addresses, "retries: 0");
  await crawl.run();
  const refused = (await crawl.failures()).map(({ source_url: url }) => String(url).slice(rig.origin.length));
  assert.deepEqual(refused.sort(), ["/all", "/us"]);
  crawl.pipeline("opt_outs: false, robots: false");
  await crawl.run();
  const images = await crawl.images();
  assert.deepEqual([images.length, images[0]?.opt_outs], [4, null]);
});

test("max_failures stops a hopeless run early and says why; what was had is kept", async () => {
  const rig = await WebRig.start({
    "/good": (_request, response) => send(response, 200, "image/png", PICTURE),
  });
  const good = Array.from({ length: 10 }, (_, i) => rig.url(`/good/${i}.png`));
  const bad = Array.from({ length: 2000 }, (_, i) => rig.url(`/bad/${i}.png`));
  const crawl = new CrawlRig([...good, ...bad], "retries: 0, robots: false, max_failures: 0.5");
  const early = await crawl.pipe("run", "p.yaml");
  assert.equal(early.code, 1);
  assert.match(
    early.stderr,
    /of the first \d+ items failed, more than max_failures allows; the last: http-404/,
  );
  assert.ok(rig.seen.length < 600, `${rig.seen.length} requests`);
  crawl.list([...good, ...bad.slice(0, 5)]);
  crawl.pipeline("retries: 0, robots: false, max_failures: 3");
  const late = await crawl.pipe("run", "p.yaml");
  assert.equal(late.code, 1);
  assert.match(late.stderr, /5 of 15 items failed: 5 http-404/);
  crawl.pipeline("retries: 0, robots: false, max_failures: 5");
  assert.equal(stageOf(await crawl.run(), "crawl").items?.failed, 5);
  for (const url of good) assert.equal(rig.count(new URL(url).pathname), 1);
});

test("filters set aside without fetching anew; equal pictures are stored once", async () => {
  const small = await pixels(2, 10, 10).png().toBuffer();
  const long = await pixels(3, 90, 20).jpeg().toBuffer();
  const rig = await WebRig.start({
    "/small": (_request, response) => send(response, 200, "image/png", small),
    "/long": (_request, response) => send(response, 200, "image/jpeg", long),
    "/": (_request, response) => send(response, 200, "image/png", PICTURE),
  });
  const addresses = ["/small", "/long", "/a.png", "/b.png"].map((path) => rig.url(path));
  const crawl = new CrawlRig(addresses, "robots: false");
  await crawl.run();
  const images = await crawl.images();
  assert.equal(new Set(images.map(({ blob }) => blob)).size, 3);
  crawl.pipeline(
    "robots: false",
    ", filters: { min_image_size: 15, max_aspect_ratio: 3, formats: [png, jpg] }",
  );
  const filtered = stageOf(await crawl.run(), "crawl");
  assert.deepEqual(filtered.items, { total: 4, processed: 0, reused: 4, failed: 2 });
  const failures = (await crawl.failures()).map(({ source_url: url, class: name, detail }) => [
    String(url).slice(rig.origin.length),
    name,
    detail,
  ]);
  assert.deepEqual(failures, [
    ["/long", "aspect-ratio", "90x20 pixels"],
    ["/small", "too-small", "10x10 pixels"],
  ]);
  assert.equal(rig.seen.length, 4);
});

test("refresh asks again, and only for what has changed", async () => {
  let version = 1;
  const answers: Record<string, number[]> = {};
  const rig = await WebRig.start({
    "/": async (request, response, url) => {
      const tag = url.pathname === "/changing.png" ? `"${version}"` : '"same"';
      const conditional = request.headers["if-none-match"] === tag;
      answers[url.pathname] = [...(answers[url.pathname] ?? []), conditional ? 304 : 200];
      if (url.pathname === "/down.png" && version > 1) return send(response, 503, "text/plain", "");
      if (conditional) return void response.writeHead(304, { etag: tag }).end();
      const look = url.pathname === "/changing.png" ? version : 7;
      send(response, 200, "image/png", await pixels(look).png().toBuffer(), { etag: tag });
    },
  });
  const addresses = ["/changing.png", "/same.png", "/down.png"].map((path) => rig.url(path));
  const crawl = new CrawlRig(addresses, "robots: false, retries: 0");
  await crawl.run();
  const before = await crawl.images();
  version = 2;
  assert.equal(fates(await crawl.run()), "crawl cached");
  crawl.pipeline("robots: false, retries: 0, refresh: 7d");
  assert.equal(fates(await crawl.run()), "crawl cached");
  crawl.pipeline("robots: false, retries: 0, refresh: always");
  const record = stageOf(await crawl.run(), "crawl");
  assert.match(record.reason, /ask its source again/);
  assert.deepEqual(answers, {
    "/changing.png": [200, 200],
    "/same.png": [200, 304],
    "/down.png": [200, 304],
  });
  const after = await crawl.images();
  const blobs = (rows: typeof after) => Object.fromEntries(rows.map((row) => [row.source_url, row.blob]));
  const [was, is] = [blobs(before), blobs(after)];
  assert.notEqual(is[rig.url("/changing.png")], was[rig.url("/changing.png")]);
  assert.equal(is[rig.url("/same.png")], was[rig.url("/same.png")]);
  assert.equal(is[rig.url("/down.png")], was[rig.url("/down.png")], "what cannot be asked for now stays");
  version = 3;
  await crawl.run();
  assert.deepEqual(answers["/changing.png"], [200, 200, 200]);
});
