const COLUMNS = 6;
const ROWS = 5;

/** Samples a cell gets along each side at most: beyond, its mean no longer moves. */
const SAMPLES = 16;

/** Grey levels that a step must have to count: less is an encoder's noise. */
const STEP = 1.5;

/** Bits for each colour channel's mean: beside structure, and in a picture that has none. */
const COLOUR_BITS = 5;
const PLAIN_COLOUR_BITS = 21;

/**
 * 64-bit difference hash of a picture's content. Krawetz's dHash (2013) asks of each of 9 × 8 grey cells whether its
 * right neighbour is lighter; plain pictures, skies and level stripes then all have the hash 0. Here 6 × 5 cells are
 * compared to the right (25 bits) and downwards (24 bits), and 15 bits tell the mean colour: five for each channel,
 * as many set as sixths of the range are passed, so that near colours differ in few bits. A picture without any such
 * step is told by its colour alone, on a finer scale.
 *
 * @param rgb 8-bit, interleaved, width × height × 3
 * @returns 16 hex digits
 */
export function differenceHash(rgb: Uint8Array, width: number, height: number): string {
  const cells = Array.from({ length: COLUMNS * ROWS }, (_, at) =>
    cellMean(rgb, width, height, at % COLUMNS, Math.floor(at / COLUMNS)),
  );
  const grey = cells.map(([red, green, blue]) => 0.299 * red + 0.587 * green + 0.114 * blue);
  let steps = "";
  const compare = (from: number, to: number) => {
    steps += grey[from]! + STEP < grey[to]! ? "1" : "0";
  };
  for (let at = 0; at < grey.length; at++) if (at % COLUMNS < COLUMNS - 1) compare(at, at + 1);
  for (let at = 0; at < grey.length - COLUMNS; at++) compare(at, at + COLUMNS);
  const bits = steps.includes("1")
    ? steps + colourBits(cells, COLOUR_BITS)
    : `0${colourBits(cells, PLAIN_COLOUR_BITS)}`;
  return BigInt(`0b${bits}`).toString(16).padStart(16, "0");
}

type Rgb = readonly [red: number, green: number, blue: number];

/** A thermometer for each channel's mean: bit k of n is set above k/(n + 1) of the range. */
function colourBits(cells: readonly Rgb[], perChannel: number): string {
  let bits = "";
  for (let channel = 0; channel < 3; channel++) {
    const mean = cells.reduce((sum, cell) => sum + cell[channel]!, 0) / cells.length;
    for (let k = 1; k <= perChannel; k++) bits += mean > (k * 255) / (perChannel + 1) ? "1" : "0";
  }
  return bits;
}

/** Mean red, green and blue of a cell, 0 to 255. */
function cellMean(rgb: Uint8Array, width: number, height: number, column: number, row: number): Rgb {
  const [left, right] = span(column, COLUMNS, width);
  const [top, bottom] = span(row, ROWS, height);
  const stepX = Math.max(1, Math.floor((right - left) / SAMPLES));
  const stepY = Math.max(1, Math.floor((bottom - top) / SAMPLES));
  let [red, green, blue, count] = [0, 0, 0, 0];
  for (let y = top; y < bottom; y += stepY) {
    for (let x = left; x < right; x += stepX) {
      const at = 3 * (y * width + x);
      red += rgb[at]!;
      green += rgb[at + 1]!;
      blue += rgb[at + 2]!;
      count++;
    }
  }
  return [red / count, green / count, blue / count];
}

/** The pixels of a cell, [from, to): at least one, so that tiny pictures have a hash too. */
function span(index: number, cells: number, length: number): [number, number] {
  const from = Math.min(length - 1, Math.floor((index * length) / cells));
  return [from, Math.max(from + 1, Math.floor(((index + 1) * length) / cells))];
}
