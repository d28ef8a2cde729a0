import type { Size } from "./modes.js";

/** For each output cell along one side: the source cells it covers and how much of each. */
interface Cover {
  readonly first: Uint32Array;
  readonly weights: readonly Float64Array[];
}

/** Cells of a side of `from` cells made `to` cells, to ≤ from: weights of each output cell sum to 1. */
function cover(from: number, to: number): Cover {
  const step = from / to;
  const first = new Uint32Array(to);
  const weights = Array.from({ length: to }, (_, cell) => {
    const [start, end] = [cell * step, (cell + 1) * step];
    const begin = Math.floor(start);
    first[cell] = begin;
    const count = Math.max(1, Math.min(from, Math.ceil(end - 1e-9)) - begin);
    return Float64Array.from({ length: count }, (_, i) => {
      const covered = Math.min(end, begin + i + 1) - Math.max(start, begin + i);
      return covered / step;
    });
  });
  return { first, weights };
}

/**
 * Makes a picture smaller by area: each output pixel is the mean of the source area under it, parts of pixels counting as
 * parts (OpenCV's INTER_AREA, which img2dataset shrinks with by default).
 *
 * @param rgb 8-bit, interleaved, width × height × 3
 * @param to not larger than `from`, either way
 */
export function areaResize(rgb: Uint8Array, from: Size, to: Size): Buffer<ArrayBuffer> {
  const across = cover(from.width, to.width);
  const down = cover(from.height, to.height);
  const row = new Float64Array(from.width * 3);
  const out = Buffer.alloc(to.width * to.height * 3);
  for (let y = 0; y < to.height; y++) {
    row.fill(0);
    const rows = down.weights[y]!;
    for (let i = 0; i < rows.length; i++) addRow(row, rgb, (down.first[y]! + i) * row.length, rows[i]!);
    for (let x = 0; x < to.width; x++) shrinkCell(row, across, x, out, (y * to.width + x) * 3);
  }
  return out;
}

function addRow(into: Float64Array, rgb: Uint8Array, at: number, weight: number): void {
  for (let i = 0; i < into.length; i++) into[i]! += weight * rgb[at + i]!;
}

function shrinkCell(row: Float64Array, across: Cover, x: number, out: Uint8Array, at: number): void {
  const weights = across.weights[x]!;
  let [red, green, blue] = [0, 0, 0];
  for (let i = 0, from = across.first[x]! * 3; i < weights.length; i++, from += 3) {
    const weight = weights[i]!;
    red += weight * row[from]!;
    green += weight * row[from + 1]!;
    blue += weight * row[from + 2]!;
  }
  out[at] = Math.round(red);
  out[at + 1] = Math.round(green);
  out[at + 2] = Math.round(blue);
}
