import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { crc32, deflateSync, gzipSync } from "node:zlib";
import sharp from "sharp";
import { fates, PHOTOS, PhotoRig, stageOf } from "../e2e/rig.js";

const SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>';

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

/** A black PNG of one bit a pixel: 400 million pixels in some 50 kB. */
function hugePng(side: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header[8] = 1;
  const rows = Buffer.alloc(side * (1 + Math.ceil(side / 8)));
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

const noise = (length: number) => Buffer.from(Array.from({ length }, (_, i) => (i * 7919) % 251));
const picture = (channels: 3 | 4 = 3) =>
  sharp(noise(40 * 30 * channels), { raw: { width: 40, height: 30, channels } });

test("pictures of every make are taken, and what is none is set aside with its class", async () => {
  const rig = new PhotoRig();
  rig.write("p.yaml", PHOTOS);
  const put = (name: string, bytes: Uint8Array | string) => {
    mkdirSync(join(rig.folder, "pictures"), { recursive: true });
    writeFileSync(join(rig.folder, "pictures", name), bytes);
  };
  const jpeg = await picture().jpeg().toBuffer();
  const good: Record<string, Uint8Array> = {
    "plain.jpg": jpeg,
    "cmyk.jpg": await picture().toColourspace("cmyk").jpeg().toBuffer(),
    "deep.png": await picture().toColourspace("rgb16").png().toBuffer(),
    "alpha.webp": await picture(4).webp().toBuffer(),
    "moving.gif": await sharp([await picture().png().toBuffer(), await picture().negate().png().toBuffer()], {
      join: { animated: true },
    })
      .gif()
      .toBuffer(),
    "misnamed.png": await picture().negate().jpeg().toBuffer(),
  };
  assert.equal((await sharp(good["cmyk.jpg"]).metadata()).space, "cmyk");
  assert.equal((await sharp(good["deep.png"]).metadata()).depth, "ushort");
  assert.equal((await sharp(good["moving.gif"]).metadata()).pages, 2);
  for (const [name, bytes] of Object.entries(good)) put(name, bytes);
  put("zero.png", "");
  put("text.png", "this is no picture at all, although its name says so");
  put("drawing.png", SVG);
  put("paper.jpg", "%PDF-1.7 and so on");
  put("truncated.jpg", jpeg.subarray(0, jpeg.length >> 1));
  put("header-only.png", (await picture().png().toBuffer()).subarray(0, 33));
  put("huge.png", hugePng(20_000));
  // Looks like a GIF's header to whoever reads ten bytes.
  put("corrupt.gif", Buffer.concat([Buffer.from("GIF89a\x28\0\x1e\0", "latin1"), noise(500)]));
  put("packed-drawing.png", gzipSync(SVG));
  put("late-drawing.png", `<?xml version="1.0"?>\n<!-- ${"é ".repeat(600)} -->${SVG}`);

  const record = await rig.run();
  const crawl = stageOf(record, "crawl");
  const resize = stageOf(record, "resize");
  assert.deepEqual([crawl.items?.total, crawl.items?.failed], [16, 6]);
  assert.match(crawl.notes[0]!, /^6 of 16 items set aside: /);
  assert.match(crawl.notes[0]!, /\d unreadable-image \(/);
  assert.match(crawl.notes[0]!, /\d svg \(/);
  assert.match(crawl.notes[0]!, /\d pdf \(/);
  assert.deepEqual([resize.items?.total, resize.items?.failed], [10, 4]);
  assert.match(resize.notes[0]!, /^4 of 10 items set aside: 3 broken-image \(.*\); 1 too-many-pixels \(/);
  assert.deepEqual(stageOf(record, "label").items, { total: 6, processed: 6, reused: 0, failed: 0 });
  // What failed for good is not tried again.
  put("one-more.jpg", await picture().blur(2).jpeg().toBuffer());
  assert.equal(fates(await rig.run()), "crawl ran 1/17, resize ran 1/11, label ran 1/7");
});

test("odd names, long paths, a FIFO, loops of links: taken, or left out by name, and nothing hangs", async () => {
  const rig = new PhotoRig();
  rig.write("p.yaml", PHOTOS.replace("path: pictures", "path: pictures, follow_symlinks: true"));
  const names = [
    "line\nbreak.png",
    "\u001b[2Jred.png",
    "*?[x].png",
    "a'b\"c.png",
    "__proto__.png",
    "-S.png",
    " .png",
  ];
  for (const [look, name] of names.entries()) await rig.picture(name, look);
  const folder = join(rig.folder, "pictures");
  execFileSync("mkfifo", [join(folder, "pipe.png")]);
  symlinkSync("loop.png", join(folder, "loop.png"));
  mkdirSync(join(folder, "sub"));
  symlinkSync("..", join(folder, "sub/up"));
  writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([255]), Buffer.from(".png")]), "x");
  // 24 folders of 200 characters: longer than a path may be, so it is made step by step.
  const long = "d".repeat(200);
  execFileSync(
    "sh",
    ["-c", `for i in $(seq 24); do mkdir ${long} && cd -P ${long} || exit 1; done; echo x > deep.png`],
    {
      cwd: folder,
    },
  );
  const done = await rig.pipe("run", "p.yaml", "--json");
  assert.equal(done.code, 0, done.stderr);
  const record = JSON.parse(done.stdout);
  assert.equal(fates(record), `crawl ran ${names.length}/${names.length}, resize ran 7/7, label ran 7/7`);
  const { notes } = stageOf(record, "crawl");
  const left = (pattern: RegExp) =>
    assert.equal(notes.filter((note) => pattern.test(note)).length, 1, `${pattern}`);
  left(/^left out pipe\.png: it is no regular file$/);
  left(/^left out loop\.png: it is a link to nothing readable \(ELOOP\)$/);
  left(/^left out the folder .*sub\/up: it links back to a folder it lies in$/);
  left(/^left out \ufffd\.png: ENOENT$/);
  left(/^left out the folder .*d{200}: ENAMETOOLONG$/);
  assert.doesNotMatch(done.stderr, /[^\P{Cc}\n\t]/u, "no character that a terminal would act on");
  assert.equal(fates(await rig.run()), "crawl cached, resize cached, label cached");
  const lineage = await rig.pipe("lineage", "line\nbreak.png");
  assert.equal(lineage.code, 0, lineage.stderr);
});
