import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { mustRun, PIPE } from "./measure.js";

/**
 * local → resize → label over tiny images: the first run, a run with nothing to do, and a run after one image changed.
 * usage: node dist/bench/images.js [count …]   default 10000 100000
 */
const counts = process.argv.slice(2).map(Number);
const PIPELINE = `version: 1
name: images
stages:
  crawl: { uses: crawl, with: { source: { type: local, path: images } } }
  resize: { uses: resize, inputs: { images: crawl }, with: { size: 32 } }
  label: { uses: label, inputs: { images: resize }, with: { teacher: { type: builtin } } }
`;

interface Stage {
  readonly name: string;
  readonly status: string;
  readonly durationMs: number;
  readonly items: { readonly total: number; readonly processed: number } | null;
}

/** A small picture of one colour field with a mark, so that no two are equal. */
function picture(i: number, generation: number): Promise<Buffer> {
  const pixels = Buffer.alloc(32 * 32 * 3);
  for (let p = 0; p < pixels.length; p++) pixels[p] = (i * 31 + p * (1 + (i % 7)) + generation * 101) & 255;
  pixels.writeUInt32LE(i, 0);
  pixels.writeUInt32LE(generation, 4);
  return sharp(pixels, { raw: { width: 32, height: 32, channels: 3 } })
    .png({ compressionLevel: 1 })
    .toBuffer();
}

async function writePictures(folder: string, count: number): Promise<void> {
  for (let start = 0; start < count; start += 256) {
    const part = Array.from({ length: Math.min(256, count - start) }, (_, k) => start + k);
    await Promise.all(
      part.map(async (i) => {
        const name = String(i).padStart(7, "0");
        const sub = join(folder, name.slice(0, 4));
        mkdirSync(sub, { recursive: true });
        writeFileSync(join(sub, `${name}.png`), await picture(i, 0));
      }),
    );
  }
}

function run(cwd: string, title: string): void {
  const start = performance.now();
  const record = JSON.parse(mustRun([...PIPE, "run", "pipeline.yaml", "--json"], cwd)) as { stages: Stage[] };
  const seconds = (performance.now() - start) / 1000;
  const stages = record.stages
    .map(
      ({ name, status, durationMs, items }) =>
        `${name} ${status} ${items?.processed ?? 0}/${items?.total ?? 0} in ${(durationMs / 1000).toFixed(2)} s`,
    )
    .join(", ");
  console.log(`  ${title.padEnd(14)} ${seconds.toFixed(2)} s   ${stages}`);
}

for (const count of counts.length > 0 ? counts : [10_000, 100_000]) {
  const top = mkdtempSync(join(tmpdir(), "pipestill-images-"));
  mkdirSync(join(top, "images"));
  await writePictures(join(top, "images"), count);
  writeFileSync(join(top, "pipeline.yaml"), PIPELINE);
  console.log(`\n${count} images of 32 px, ${availableParallelism()} cores`);
  run(top, "first run");
  for (let i = 0; i < 3; i++) run(top, "nothing to do");
  for (let i = 1; i <= 3; i++) {
    writeFileSync(join(top, "images", "0000", "0000007.png"), await picture(7, i));
    run(top, "one changed");
  }
  rmSync(top, { recursive: true, force: true });
}
