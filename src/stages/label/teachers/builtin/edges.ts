import type { Picture } from "./picture.js";
import { quantile } from "./tone.js";

/** Local structure of the lightness, at the working scale. Gradients are in L units per pixel. */
export interface Edges {
  /** Mean gradient magnitude. */
  readonly meanGradient: number;
  /** Share of pixels with a gradient over EDGE. */
  readonly edgeShare: number;
  /** 99th percentile of the gradient: the steepest edges. */
  readonly steepest: number;
  /** Share of pixels with a gradient under FLAT. */
  readonly flatShare: number;
  /** Energy of |L − mean of 3×3| over that of L − mean: 1 for white noise, near 0 for slow changes. */
  readonly fineness: number;
  /** Shares of gradient energy by the direction the lines run: within 22.5° of level, upright, or between. */
  readonly level: number;
  readonly upright: number;
  readonly oblique: number;
  /** Structure tensor's coherence over the whole picture: 1 when all lines run one way. */
  readonly coherence: number;
  /** Share of the gradient that points to or from the middle of all gradients: 0.5 by chance, 1 for circles. */
  readonly radial: number;
}

const EDGE = 8;
const FLAT = 1.5;

/** Gradient histogram resolution: bins per L unit. */
const BINS = 8;

/** Measures the inner pixels; a picture under 3 pixels wide or high has none, and no structure. */
export function measureEdges(picture: Picture): Edges {
  const { width, height } = picture;
  const { gx, gy } = sobel(picture);
  const histogram = new Uint32Array(64 * BINS);
  let [sum, edges, flat, xx, yy, xy, energy] = [0, 0, 0, 0, 0, 0, 0];
  let [level, upright] = [0, 0];
  const pixels = Math.max(1, (width - 2) * (height - 2));
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const [dx, dy] = [gx[y * width + x]!, gy[y * width + x]!];
      const squared = dx * dx + dy * dy;
      const gradient = Math.sqrt(squared);
      histogram[Math.min(64 * BINS - 1, Math.round(gradient * BINS))]!++;
      sum += gradient;
      if (gradient > EDGE) edges++;
      if (gradient < FLAT) flat++;
      xx += dx * dx;
      yy += dy * dy;
      xy += dx * dy;
      energy += squared;
      if (Math.abs(dx) < TAN * Math.abs(dy)) level += squared;
      else if (Math.abs(dy) < TAN * Math.abs(dx)) upright += squared;
    }
  }
  const total = Math.max(energy, 1e-9);
  return {
    meanGradient: sum / pixels,
    edgeShare: edges / pixels,
    steepest: quantile(histogram, pixels, 0.99) / BINS,
    flatShare: flat / pixels,
    fineness: fineness(picture),
    level: level / total,
    upright: upright / total,
    oblique: energy > 0 ? 1 - (level + upright) / total : 0,
    coherence: Math.hypot(xx - yy, 2 * xy) / total,
    radial: radial(picture, gx, gy),
  };
}

/** tan 22.5°. */
const TAN = Math.SQRT2 - 1;

interface Gradients {
  readonly gx: Float32Array;
  readonly gy: Float32Array;
}

/** Sobel's operator over 8, so that a ramp of one L unit a pixel has the gradient 1. The rim stays 0. */
function sobel({ l, width, height }: Picture): Gradients {
  const gx = new Float32Array(l.length);
  const gy = new Float32Array(l.length);
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const at = y * width + x;
      const [up, down] = [at - width, at + width];
      const diagonals = [l[up - 1]!, l[up + 1]!, l[down - 1]!, l[down + 1]!] as const;
      gx[at] =
        (diagonals[1] + diagonals[3] - diagonals[0] - diagonals[2] + 2 * (l[at + 1]! - l[at - 1]!)) / 8;
      gy[at] = (diagonals[2] + diagonals[3] - diagonals[0] - diagonals[1] + 2 * (l[down]! - l[up]!)) / 8;
    }
  }
  return { gx, gy };
}

/** Variance of L against the mean of its 3×3 neighbourhood, over its variance (with a floor of 4 for flat pictures). */
function fineness({ l, width, height }: Picture): number {
  let [detail, sum, squares, count] = [0, 0, 0, 0];
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      let around = 0;
      for (let dy = -width; dy <= width; dy += width) {
        const at = y * width + x + dy;
        around += l[at - 1]! + l[at]! + l[at + 1]!;
      }
      const here = l[y * width + x]!;
      detail += (here - around / 9) ** 2;
      sum += here;
      squares += here * here;
      count++;
    }
  }
  if (count === 0) return 0;
  return (detail * 9) / 8 / (squares - sum ** 2 / count + 4 * count);
}

/** Σ|g·r̂| cosine-squared weighted by |g|, r̂ from the centroid of all gradients. */
function radial({ width, height }: Picture, gx: Float32Array, gy: Float32Array): number {
  let [sum, sumX, sumY] = [0, 0, 0];
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const gradient = Math.hypot(gx[y * width + x]!, gy[y * width + x]!);
      sum += gradient;
      sumX += gradient * x;
      sumY += gradient * y;
    }
  }
  if (sum < 1e-6) return 0.5;
  const [centreX, centreY] = [sumX / sum, sumY / sum];
  let towards = 0;
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const [dx, dy] = [gx[y * width + x]!, gy[y * width + x]!];
      const [rx, ry] = [x - centreX, y - centreY];
      const length = dx * dx + dy * dy;
      const distance = rx * rx + ry * ry;
      if (length > 0 && distance > 0) towards += (dx * rx + dy * ry) ** 2 / (distance * Math.sqrt(length));
    }
  }
  return towards / sum;
}
