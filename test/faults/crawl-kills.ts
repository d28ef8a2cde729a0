import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import sharp from "sharp";
import { inputsKnown } from "../e2e/known.js";
import { mortalRun, pidsOf } from "../e2e/mortal-run.js";
import { isAlive } from "../e2e/processes.js";
import { misbehaviour } from "../rigs/misbehaving.js";
import { seeded } from "../rigs/random.js";
import { send, WebRig } from "../rigs/web.js";
import { CrawlRig } from "./crawl-rig.js";

/** Ten ways to fail: paths of the misbehaving server, with their classes and whether they may pass. */
const WAYS: readonly (readonly [path: string, failure: string, passing: boolean])[] = [
  ["/gone", "http-410", false],
  ["/broken", "http-500", true],
  ["/nowhere", "http-404", false],
  ["/html", "html", false],
  ["/torn-picture", "broken-image", false],
  ["/short", "truncated", true],
  ["/hangs-up", "connection-reset", true],
  ["/noai", "robots-tag", false],
  ["/bomb", "too-large", false],
  ["/secret", "robots-disallowed", false],
];

/** An answer that was sent so long before a kill is on the disk, milliseconds: decoding, and a log that is written five times a second. */
const SURELY = 4000;

export interface Trial {
  readonly count: number;
  readonly kills: number;
  readonly seed: number;
  /** Further params of the source. */
  readonly source: string;
  /** Milliseconds in which a server's answer is made. */
  readonly delay: number;
  /** Longest time from the first request of a run to its end by SIGKILL: all of them together end before the crawl can. */
  readonly longest: number;
}

/**
 * Crawls addresses of which one in twenty fails, in ten ways, and kills runner and host at random moments. In the end each
 * address is in exactly one of the two tables, and none was asked for again whose outcome was on the disk, or whose
 * answer had surely been received.
 *
 * @returns how many answers were sent for each address on average
 */
export async function crawlKilled({ count, kills, seed, source, delay, longest }: Trial): Promise<number> {
  const picture = await sharp({ create: { width: 24, height: 18, channels: 3, background: "teal" } })
    .png()
    .toBuffer();
  const rig = await WebRig.start({
    ...misbehaviour(picture),
    "/robots.txt": (_request, response) =>
      send(response, 200, "text/plain", "User-agent: *\nDisallow: /secret\n"),
    "/good": (_request, response) => void setTimeout(() => send(response, 200, "image/png", picture), delay),
  });
  const wayOf = (i: number) => (i % 20 === 7 ? WAYS[Math.floor(i / 20) % 10] : undefined);
  const pathOf = (i: number) => `${wayOf(i)?.[0] ?? "/good"}?${i}`;
  const every = Array.from({ length: count }, (_, i) => rig.url(pathOf(i)));
  const passing = new Set(every.filter((_, i) => wayOf(i)?.[2]));
  const crawl = new CrawlRig(every, `retries: 0, ${source}`);
  const random = seeded(seed);
  const marks: { readonly at: number; readonly known: ReadonlySet<string> }[] = [];
  for (let kill = 0; kill < kills; kill++) {
    const trace = `${crawl.folder}.trace-${kill}`;
    const before = rig.seen.length;
    const run = mortalRun(crawl, [], { trace });
    while (rig.seen.length === before) await sleep(5);
    await sleep(random() * longest);
    const at = performance.now();
    for (const pid of pidsOf(trace).filter(isAlive)) process.kill(pid, "SIGKILL");
    assert.equal((await run).signal, "SIGKILL", `it had ended before kill ${kill}, seed ${seed}`);
    const known = new Set([...(await inputsKnown(crawl, false)).values()].flatMap((inputs) => [...inputs]));
    for (const { path, doneAt } of rig.seen.slice(before)) {
      const url = rig.url(path);
      if (doneAt === undefined || doneAt > at - SURELY || passing.has(url) || path === "/robots.txt")
        continue;
      assert.ok(
        known.has(url),
        `the answer for ${path} was received and is lost, ${Math.round(at - doneAt)} ms before kill ${kill}, seed ${seed}`,
      );
    }
    marks.push({ at, known });
  }
  await crawl.run();
  for (const { at, known } of marks) {
    const again = rig.seen.filter((request) => request.at > at && known.has(rig.url(request.path)));
    assert.deepEqual(
      again.map(({ path }) => path),
      [],
      `asked for again though known: seed ${seed}`,
    );
  }
  const images = (await crawl.images()).map((row) => String(row.source_url));
  const failures = await crawl.failures();
  assert.deepEqual([...images, ...failures.map((row) => String(row.source_url))].sort(), every.toSorted());
  const classes = new Map(failures.map((row) => [row.source_url, row.class]));
  every.forEach((url, i) => void assert.equal(classes.get(url), wayOf(i)?.[1], url));
  return rig.seen.filter(({ doneAt }) => doneAt !== undefined).length / count;
}
