import { BACKDROPS, type Canvas, type Layer, n, rect } from "./backdrops.js";
import { ARRANGEMENTS } from "./objects.js";
import { Palette } from "./palette.js";
import { Random } from "./random.js";

export interface Scene {
  readonly width: number;
  readonly height: number;
  readonly svg: string;
  /** What the picture is stored as: photographs are mostly JPEG, drawings often PNG. */
  readonly format: "jpg" | "png";
}

/** Width to height of the cameras and screens that pictures come from. */
const ASPECTS: readonly (readonly [weight: number, aspect: number])[] = [
  [4, 1],
  [3, 4 / 3],
  [3, 3 / 2],
  [1, 16 / 9],
  [2, 3 / 4],
  [2, 2 / 3],
];

const FINISHES: readonly (readonly [weight: number, layer: Layer])[] = [
  [68, () => ""],
  [20, grain],
  [12, vignette],
];

/**
 * Scene number `index` of a seed: a backdrop, things on it, a finish and perhaps a blur. Depends on its arguments
 * alone, so the millionth scene costs no more than the first.
 *
 * @param size long side in pixels
 */
export function drawScene(seed: number, index: number, size: number): Scene {
  const random = new Random(`scene/1 ${seed} ${index}`);
  const aspect = random.weighted(ASPECTS);
  const width = Math.max(1, Math.round(aspect >= 1 ? size : size * aspect));
  const height = Math.max(1, Math.round(aspect >= 1 ? size / aspect : size));
  const canvas: Canvas = { width, height, random, palette: new Palette(random) };
  const content = random.weighted(BACKDROPS)(canvas) + random.weighted(ARRANGEMENTS)(canvas);
  const softened = random.chance(0.25) ? blur(canvas, content) : content;
  const finish = random.weighted(FINISHES)(canvas);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${softened}${finish}</svg>`;
  return { width, height, svg, format: random.chance(0.75) ? "jpg" : "png" };
}

/** Out of focus. The filter region reaches past the edge, which would otherwise fade to black. */
function blur({ width, height, random }: Canvas, content: string): string {
  const deviation = random.range(0.015, 0.06) * Math.max(width, height);
  return `<filter id="blur" filterUnits="userSpaceOnUse" x="0" y="0" width="${width}" height="${height}"><feGaussianBlur stdDeviation="${n(deviation)}" edgeMode="duplicate"/><feComponentTransfer><feFuncA type="linear" slope="0" intercept="1"/></feComponentTransfer></filter><g filter="url(#blur)">${content}</g>`;
}

/** Film grain: fine noise, grey, laid over the picture. */
function grain({ width, height, random }: Canvas): string {
  const strength = n(random.range(0.5, 1.5));
  return `<filter id="grain" x="0" y="0" width="1" height="1"><feTurbulence type="fractalNoise" baseFrequency="0.7" numOctaves="1" seed="${random.int(1, 9999)}"/><feColorMatrix values="2.5 0 0 0 -0.75 2.5 0 0 0 -0.75 2.5 0 0 0 -0.75 0 ${strength} 0 0 -0.2"/></filter>${rect(0, 0, width, height, `filter="url(#grain)"`)}`;
}

/** Corners fall into shadow. */
function vignette({ width, height, random }: Canvas): string {
  const opacity = n(random.range(0.5, 0.95));
  return `<radialGradient id="vignette" r="0.75"><stop offset="0.35" stop-opacity="0"/><stop offset="1" stop-opacity="${opacity}"/></radialGradient>${rect(0, 0, width, height, `fill="url(#vignette)"`)}`;
}
