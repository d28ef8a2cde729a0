const COLUMNS = 9;
const ROWS = 8;

/** Samples a cell gets along each side at most: beyond, its mean no longer moves. */
const SAMPLES = 16;

/**
 * 64-bit difference hash (Krawetz 2013): the picture as 9 × 8 grey cells, each bit saying whether a cell is darker
 * than its right neighbour, row by row. Near-duplicates differ in few bits; a plain picture is all zeros.
 *
 * @param rgb 8-bit, interleaved, width × height × 3
 * @returns 16 hex digits, the first bit of the first row highest
 */
export function differenceHash(rgb: Uint8Array, width: number, height: number): string {
  let hash = "";
  for (let row = 0; row < ROWS; row++) {
    const grey = Array.from({ length: COLUMNS }, (_, column) => cellGrey(rgb, width, height, column, row));
    let bits = 0;
    for (let column = 0; column + 1 < COLUMNS; column++) {
      // A step of a whole grey level at least: less is an encoder's noise.
      bits = (bits << 1) | (grey[column]! + 1 < grey[column + 1]! ? 1 : 0);
    }
    hash += bits.toString(16).padStart(2, "0");
  }
  return hash;
}

/** Mean luma (ITU-R BT.601) of a cell, 0 to 255. */
function cellGrey(rgb: Uint8Array, width: number, height: number, column: number, row: number): number {
  const [left, right] = span(column, COLUMNS, width);
  const [top, bottom] = span(row, ROWS, height);
  const stepX = Math.max(1, Math.floor((right - left) / SAMPLES));
  const stepY = Math.max(1, Math.floor((bottom - top) / SAMPLES));
  let [sum, count] = [0, 0];
  for (let y = top; y < bottom; y += stepY) {
    for (let x = left; x < right; x += stepX) {
      const at = 3 * (y * width + x);
      sum += 299 * rgb[at]! + 587 * rgb[at + 1]! + 114 * rgb[at + 2]!;
      count++;
    }
  }
  return sum / (1000 * count);
}

/** The pixels of a cell, [from, to): at least one, so that tiny pictures have a hash too. */
function span(index: number, cells: number, length: number): [number, number] {
  const from = Math.min(length - 1, Math.floor((index * length) / cells));
  return [from, Math.max(from + 1, Math.floor(((index + 1) * length) / cells))];
}
