import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";
import sharp from "sharp";

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

/** A square PNG of RGB pixels, different for each i and generation. */
function tinyPicture(side: number, i: number, generation: number): Buffer {
  const header = Buffer.from([0, 0, 0, side, 0, 0, 0, side, 8, 2, 0, 0, 0]);
  const rows = Buffer.alloc(side * (1 + side * 3));
  for (let p = 0; p < rows.length; p++) rows[p] = (i * 31 + p * (1 + (i % 7)) + generation * 101) & 255;
  rows.writeUInt32LE(i, 1);
  rows.writeUInt8(generation & 255, 5);
  // The filter of each row: none.
  for (let row = 0; row < side; row++) rows[row * (1 + side * 3)] = 0;
  const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows, { level: 1 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** Writes a tiny picture to its place, a thousand to a folder. */
export function writeTiny(folder: string, side: number, i: number, generation: number): void {
  writeFileSync(pathOf(folder, i, "png"), tinyPicture(side, i, generation));
}

/** A JPEG of 640 × 480 pixels: soft colours with some grain, as a camera's. */
function photo(i: number): Promise<Buffer> {
  const [width, height] = [640, 480];
  const pixels = Buffer.alloc(width * height * 3);
  for (let y = 0, p = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const grain = ((x * 7919 + y * 104729 + i * 1299709) >>> 3) & 15;
      pixels[p++] = 120 + 100 * Math.sin((x + i * 13) / 90) + grain;
      pixels[p++] = 120 + 100 * Math.sin((y + i * 7) / 70) + grain;
      pixels[p++] = 120 + 100 * Math.sin((x + y + i) / 110) + grain;
    }
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 90 })
    .toBuffer();
}

function pathOf(folder: string, i: number, suffix: string): string {
  const name = String(i).padStart(7, "0");
  const sub = join(folder, name.slice(0, 4));
  if (i % 1000 === 0) mkdirSync(sub, { recursive: true });
  return join(sub, `${name}.${suffix}`);
}

/** Writes photos, a thousand to a folder. */
export async function writePhotos(folder: string, count: number): Promise<void> {
  for (let i = 0; i < count; i++) writeFileSync(pathOf(folder, i, "jpg"), await photo(i));
}
