import { labOf } from "./lab.js";

/**
 * The eleven basic colour terms (Berlin and Kay, 1969), each by sRGB colours that people call so without hesitation:
 * typical, light, deep and dull ones, since a term covers a region of colour space and not a point.
 */
export const COLOUR_TERMS = {
  black: [
    [8, 8, 8],
    [28, 28, 30],
  ],
  blue: [
    [25, 60, 200],
    [60, 130, 220],
    [140, 190, 240],
    [20, 30, 110],
    [0, 160, 200],
    [190, 210, 240],
    [85, 105, 140],
  ],
  brown: [
    [110, 65, 30],
    [145, 95, 60],
    [65, 40, 22],
    [205, 175, 135],
    [120, 100, 80],
  ],
  gray: [
    [128, 128, 128],
    [90, 90, 90],
    [60, 60, 60],
    [175, 175, 175],
    [205, 205, 205],
  ],
  green: [
    [0, 150, 60],
    [100, 200, 80],
    [20, 80, 30],
    [110, 130, 50],
    [170, 220, 150],
    [0, 160, 130],
    [200, 230, 200],
    [105, 130, 100],
    [20, 65, 60],
  ],
  orange: [
    [255, 140, 0],
    [240, 115, 40],
    [250, 175, 90],
    [250, 215, 185],
  ],
  pink: [
    [255, 150, 185],
    [240, 90, 150],
    [250, 200, 212],
    [190, 140, 150],
  ],
  purple: [
    [120, 40, 160],
    [75, 20, 105],
    [170, 125, 210],
    [190, 50, 210],
    [205, 190, 225],
    [110, 90, 125],
  ],
  red: [
    [200, 20, 30],
    [235, 50, 50],
    [140, 15, 22],
  ],
  white: [
    [255, 255, 255],
    [238, 238, 238],
  ],
  yellow: [
    [255, 230, 0],
    [235, 200, 70],
    [250, 240, 150],
    [245, 240, 205],
  ],
} as const satisfies Record<string, readonly (readonly [number, number, number])[]>;

export type ColourTerm = keyof typeof COLOUR_TERMS;

const NAMES = Object.keys(COLOUR_TERMS) as ColourTerm[];

/** How fast a colour stops being called by a term, in CIELAB units. */
const SPREAD = 7;

/** Bits of each channel that the table of memberships distinguishes. */
const BITS = 5;

/** Memberships by cell, [cells, terms], filled in as cells are met, so that a further pixel costs eleven additions. */
const table = new Float32Array((1 << (3 * BITS)) * NAMES.length);
const filled = new Uint8Array(1 << (3 * BITS));
const ANCHORS = NAMES.map((name) => COLOUR_TERMS[name].map(([r, g, b]) => labOf(r, g, b)));

/**
 * The share of a picture's area that each term names, summing to 1. A pixel belongs to a term by
 * exp(−d²/2·SPREAD²), d its CIELAB distance to the term's nearest colour, shared out over the terms.
 *
 * @param rgb 8-bit sRGB, interleaved
 */
export function colourAreas(rgb: Uint8Array): Record<ColourTerm, number> {
  const terms = NAMES.length;
  const sums = new Float64Array(terms);
  for (let i = 0; i < rgb.length; i += 3) {
    const row = terms * filledCell(rgb[i]!, rgb[i + 1]!, rgb[i + 2]!);
    for (let t = 0; t < terms; t++) sums[t]! += table[row + t]!;
  }
  const pixels = rgb.length / 3;
  return Object.fromEntries(NAMES.map((name, t) => [name, sums[t]! / pixels])) as Record<ColourTerm, number>;
}

/** The cell of a colour, its row of the table filled in. */
function filledCell(red: number, green: number, blue: number): number {
  const drop = 8 - BITS;
  const [r, g, b] = [red >> drop, green >> drop, blue >> drop];
  const cell = (r << (2 * BITS)) | (g << BITS) | b;
  if (filled[cell] === 0) {
    table.set(membershipsOf(labOf(level(r), level(g), level(b))), cell * NAMES.length);
    filled[cell] = 1;
  }
  return cell;
}

/** A channel's level as 8 bits. */
function level(index: number): number {
  return Math.round((index * 255) / ((1 << BITS) - 1));
}

type Lab = readonly [number, number, number];

function membershipsOf([l, a, b]: Lab): number[] {
  const distances = ANCHORS.map((points) =>
    Math.min(...points.map((p) => (p[0] - l) ** 2 + (p[1] - a) ** 2 + (p[2] - b) ** 2)),
  );
  // Distances count from the nearest term: far from all of them, exp() would underflow to 0/0.
  const nearest = Math.min(...distances);
  const weights = distances.map((distance) => Math.exp((nearest - distance) / (2 * SPREAD ** 2)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}
