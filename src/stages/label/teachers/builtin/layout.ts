import type { Picture } from "./picture.js";

/** Where things are in the picture. Differences of lightness are in L units, of colour in CIELAB distance. */
export interface Layout {
  /** Mean L of the upper third less that of the lower third. */
  readonly topOverBottom: number;
  /** Mean L of the middle less that of the rim. */
  readonly centreOverRim: number;
  /** Distance of the middle's mean colour from the rim's. */
  readonly centreApart: number;
  /** Root mean square distance of the rim's pixels from the rim's mean colour. */
  readonly rimSpread: number;
  /** 1 − MSE(picture, mirror image) / 2·variance over L, a and b: 1 for a perfect mirror, 0 by chance. */
  readonly leftRight: number;
  readonly topBottom: number;
  /** Share of L's variance that a plane explains, and L's change along the plane from edge to edge. */
  readonly planeFit: number;
  readonly planeRise: number;
}

export function measureLayout(picture: Picture): Layout {
  const { height } = picture;
  const third = Math.max(1, Math.round(height / 3));
  const rim = region(picture, (x, y) => isRim(picture, x, y));
  const centre = region(picture, (x, y) => isCentre(picture, x, y));
  return {
    topOverBottom:
      region(picture, (_, y) => y < third).mean[0] - region(picture, (_, y) => y >= height - third).mean[0],
    centreOverRim: centre.mean[0] - rim.mean[0],
    centreApart: Math.hypot(...centre.mean.map((value, channel) => value - rim.mean[channel]!)),
    rimSpread: rim.spread,
    ...mirrors(picture),
    ...plane(picture),
  };
}

/** The outer sixth on each side. */
function isRim({ width, height }: Picture, x: number, y: number): boolean {
  const [u, v] = [(x + 0.5) / width, (y + 0.5) / height];
  return Math.min(u, v, 1 - u, 1 - v) < 1 / 6;
}

/** The ellipse of half the picture's width and height in its middle. */
function isCentre({ width, height }: Picture, x: number, y: number): boolean {
  return Math.hypot((x + 0.5) / width - 0.5, (y + 0.5) / height - 0.5) <= 0.25;
}

interface Region {
  /** Mean L, a, b. */
  readonly mean: readonly [number, number, number];
  /** Root mean square CIELAB distance from the mean. */
  readonly spread: number;
}

function region({ width, height, l, a, b }: Picture, inside: (x: number, y: number) => boolean): Region {
  let [count, sumL, sumA, sumB, squares] = [0, 0, 0, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!inside(x, y)) continue;
      const at = y * width + x;
      count++;
      sumL += l[at]!;
      sumA += a[at]!;
      sumB += b[at]!;
      squares += l[at]! ** 2 + a[at]! ** 2 + b[at]! ** 2;
    }
  }
  if (count === 0) return { mean: [0, 0, 0], spread: 0 };
  const mean = [sumL / count, sumA / count, sumB / count] as const;
  const variance = squares / count - mean[0] ** 2 - mean[1] ** 2 - mean[2] ** 2;
  return { mean, spread: Math.sqrt(Math.max(0, variance)) };
}

/** Variance that counts as none: below a spread of 3 CIELAB units a picture is plain, and its own mirror image. */
const PLAIN = 9;

function mirrors({ width, height, l, a, b }: Picture): { leftRight: number; topBottom: number } {
  let [leftRight, topBottom, variance] = [0, 0, 0];
  for (const plane of [l, a, b]) {
    let [sum, squares] = [0, 0];
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const here = plane[y * width + x]!;
        sum += here;
        squares += here * here;
        leftRight += (here - plane[y * width + (width - 1 - x)]!) ** 2;
        topBottom += (here - plane[(height - 1 - y) * width + x]!) ** 2;
      }
    }
    variance += squares - sum ** 2 / plane.length;
  }
  const scale = 2 * (variance + PLAIN * l.length);
  return { leftRight: 1 - leftRight / scale, topBottom: 1 - topBottom / scale };
}

/** Least squares of L = mean + p·u + q·v with u, v from −½ to ½, which are orthogonal on the pixel grid. */
function plane({ width, height, l }: Picture): { planeFit: number; planeRise: number } {
  let [sum, squares, lu, lv, uu, vv] = [0, 0, 0, 0, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [u, v, here] = [(x + 0.5) / width - 0.5, (y + 0.5) / height - 0.5, l[y * width + x]!];
      sum += here;
      squares += here * here;
      lu += here * u;
      lv += here * v;
      uu += u * u;
      vv += v * v;
    }
  }
  const variance = squares - sum ** 2 / l.length;
  const [p, q] = [uu > 0 ? lu / uu : 0, vv > 0 ? lv / vv : 0];
  const explained = p * lu + q * lv;
  return { planeFit: explained / (variance + l.length), planeRise: Math.hypot(p, q) };
}
