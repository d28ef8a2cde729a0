import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { measure, median, mustRun, PIPE, peer, printTimings, type Timed } from "./measure.js";

/**
 * Photograph-like JPEGs to 224 px. First the stage `resize` beside a bare loop over sharp that reads, resizes and writes the
 * same files. Then, from one local server, crawl + resize beside img2dataset's download + resize + write.
 * usage: node dist/bench/resize.js [count] [runs]   default 1000 3
 */
const SELF = fileURLToPath(import.meta.url);
const RESIZE = 'with: { size: 224, fit: border, background: "#ffffff" }';
/** What the stage does to a picture, without a pipeline around it. */
async function loop(from: string, to: string): Promise<void> {
  mkdirSync(to, { recursive: true });
  sharp.concurrency(1);
  sharp.cache(false);
  const names = readdirSync(from);
  let next = 0;
  const worker = async () => {
    for (let name = names[next++]; name !== undefined; name = names[next++]) {
      const bytes = await sharp(readFileSync(join(from, name)), { failOn: "error", autoOrient: true })
        .flatten({ background: "#ffffff" })
        .resize({ width: 224, height: 224, fit: "contain", background: "#ffffff", kernel: "lanczos3" })
        .toColourspace("srgb")
        .jpeg({ quality: 95, chromaSubsampling: "4:4:4" })
        .toBuffer();
      writeFileSync(join(to, name), bytes);
    }
  };
  await Promise.all(Array.from({ length: 2 * availableParallelism() }, worker));
}

/** A picture with edges and grain, 640 × 480. */
async function photograph(seed: number): Promise<Buffer> {
  const [width, height] = [640, 480];
  const data = Buffer.alloc(width * height * 3);
  let state = seed * 2654435761 + 1;
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      const grain = state >>> 28;
      const edge = ((x * (1 + (seed % 5)) + y * (1 + (seed % 3))) >> 6) & 1 ? 70 : 0;
      data[at] = ((x + seed * 7) >> 2) + edge + grain;
      data[at + 1] = ((y + seed * 13) >> 1) + grain;
      data[at + 2] = 120 + edge - grain;
    }
  }
  return sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 90 })
    .toBuffer();
}

async function bench(count: number, runs: number): Promise<void> {
  const top = mkdtempSync(join(tmpdir(), "pipestill-resize-"));
  const originals = join(top, "originals");
  mkdirSync(originals);
  for (let i = 0; i < count; i++) writeFileSync(join(originals, `${i}.jpg`), await photograph(i));
  console.log(`${count} JPEGs of 640 × 480 to 224 × 224, ${availableParallelism()} cores`);
  benchStage(top, originals, count, runs);
  await benchDownloads(top, originals, count, runs);
  rmSync(top, { recursive: true, force: true });
}

/** Time of the stage itself, from the run's record: starting `pipe` and reading the folder are not part of it. */
function benchStage(top: string, originals: string, count: number, runs: number): void {
  const file = join(top, "local.yaml");
  writeFileSync(
    file,
    `version: 1
name: local
stages:
  crawl: { uses: crawl, with: { source: { type: local, path: ${originals} } } }
  resize: { uses: resize, inputs: { images: crawl }, ${RESIZE} }
`,
  );
  const ours: number[] = [];
  const bare: number[] = [];
  for (let run = -1; run < runs; run++) {
    rmSync(join(top, "artifacts"), { recursive: true, force: true });
    const record = JSON.parse(mustRun([...PIPE, "run", file, "--json"], top)) as {
      stages: { name: string; durationMs: number }[];
    };
    rmSync(join(top, "loop"), { recursive: true, force: true });
    const start = performance.now();
    mustRun([process.execPath, SELF, "--loop", originals, join(top, "loop")], top);
    if (run < 0) continue;
    bare.push((performance.now() - start) / 1000);
    ours.push(record.stages.find(({ name }) => name === "resize")!.durationMs / 1000);
  }
  const [a, b] = [ours, bare].map((seconds) => median(seconds.sort((x, y) => x - y))) as [number, number];
  console.log(`\nresize alone, images/s`);
  console.log(
    `  stage resize ${(count / a).toFixed(0)}, bare sharp ${(count / b).toFixed(0)}, ratio ${(b / a).toFixed(2)}`,
  );
}

async function benchDownloads(top: string, originals: string, count: number, runs: number): Promise<void> {
  const { serve } = await import("./file-server.js");
  const server = await serve(originals);
  writeFileSync(
    join(top, "urls.txt"),
    Array.from({ length: count }, (_, i) => `${server.url}/${i}.jpg\n`).join(""),
  );
  const source = `type: urls, list: ${join(top, "urls.txt")}, allow_private: true, per_host: 32`;
  const file = join(top, "urls.yaml");
  writeFileSync(
    file,
    `version: 1
name: urls
stages:
  crawl: { uses: crawl, with: { source: { ${source} } } }
  resize: { uses: resize, inputs: { images: crawl }, ${RESIZE} }
`,
  );
  const fresh = (name: string) => () => rmSync(join(top, name), { recursive: true, force: true });
  const commands: Timed[] = [
    { name: "pipe run", command: [...PIPE, "run", file], cwd: top, before: fresh("artifacts") },
  ];
  const img2dataset = peer("img2dataset");
  if (img2dataset) {
    const options = [
      "--image_size=224",
      "--resize_mode=border",
      "--processes_count=2",
      "--thread_count=32",
      "--enable_wandb=False",
    ];
    commands.push({
      name: "img2dataset",
      command: [
        img2dataset,
        `--url_list=${join(top, "urls.txt")}`,
        `--output_folder=${join(top, "out")}`,
        ...options,
      ],
      cwd: top,
      env: { NO_ALBUMENTATIONS_UPDATE: "1" },
      before: fresh("out"),
    });
  }
  printTimings("download, resize, write", measure(commands, runs));
  server.close();
}

const [mode, ...rest] = process.argv.slice(2);
if (mode === "--loop") await loop(rest[0]!, rest[1]!);
else await bench(Number(mode ?? 1000), Number(rest[0] ?? 3));
