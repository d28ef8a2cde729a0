import type { Palette } from "./palette.js";
import type { Random } from "./random.js";

/** What a layer draws on: pixels of the picture, its dice and its colours. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly random: Random;
  readonly palette: Palette;
}

/** A layer of a scene as SVG elements; ids it defines are its own. */
export type Layer = (canvas: Canvas) => string;

export const BACKDROPS: readonly (readonly [weight: number, layer: Layer])[] = [
  [20, landscape],
  [14, plain],
  [14, linearGradient],
  [9, radialGradient],
  [25, stripes],
  [5, checks],
  [12, turbulence],
  [5, dots],
];

/** A number as SVG text: two decimals bound what the rasteriser sees, whatever the last bits of a sine are. */
export function n(value: number): string {
  return String(Math.round(value * 100) / 100);
}

export function rect(x: number, y: number, width: number, height: number, attributes: string): string {
  return `<rect x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}" ${attributes}/>`;
}

function fill(canvas: Canvas, paint: string): string {
  return rect(0, 0, canvas.width, canvas.height, `fill="${paint}"`);
}

function plain(canvas: Canvas): string {
  return fill(canvas, canvas.palette.colour());
}

function stops(colours: readonly string[]): string {
  return colours
    .map((colour, at) => `<stop offset="${n(at / (colours.length - 1))}" stop-color="${colour}"/>`)
    .join("");
}

function linearGradient(canvas: Canvas): string {
  const { random, palette } = canvas;
  const angle = random.weighted([
    [3, 0],
    [3, 90],
    [2, random.range(0, 360)],
  ]);
  const colours = Array.from({ length: random.int(2, 3) }, () => palette.colour());
  return `<linearGradient id="back" gradientTransform="rotate(${n(angle)} 0.5 0.5)">${stops(colours)}</linearGradient>${fill(canvas, "url(#back)")}`;
}

function radialGradient(canvas: Canvas): string {
  const { random, palette } = canvas;
  const centre = random.chance(0.7) ? [0.5, 0.5] : [random.next(), random.next()];
  const gradient = `cx="${n(centre[0]!)}" cy="${n(centre[1]!)}" r="${n(random.range(0.45, 0.8))}"`;
  return `<radialGradient id="back" ${gradient}>${stops([palette.colour(), palette.colour()])}</radialGradient>${fill(canvas, "url(#back)")}`;
}

function stripes(canvas: Canvas): string {
  const { random, palette, width, height } = canvas;
  const angle = random.weighted([
    [4, 0],
    [5, 90],
    [6, random.pick([45, 135]) + random.range(-15, 15)],
  ]);
  const period = Math.max(4, random.range(0.07, 0.34) * Math.max(width, height));
  const band = period * random.range(0.3, 0.7);
  const pattern = `patternUnits="userSpaceOnUse" width="${n(period)}" height="${n(period)}" patternTransform="rotate(${n(angle)})"`;
  return `${plain(canvas)}<pattern id="back" ${pattern}>${rect(0, 0, period, band, `fill="${palette.colour()}"`)}</pattern>${fill(canvas, "url(#back)")}`;
}

function checks(canvas: Canvas): string {
  const { random, palette, width, height } = canvas;
  const cell = Math.max(3, random.range(0.06, 0.22) * Math.max(width, height));
  const paint = `fill="${palette.colour()}"`;
  const squares = rect(0, 0, cell, cell, paint) + rect(cell, cell, cell, cell, paint);
  return `${plain(canvas)}<pattern id="back" patternUnits="userSpaceOnUse" width="${n(2 * cell)}" height="${n(2 * cell)}">${squares}</pattern>${fill(canvas, "url(#back)")}`;
}

function dots(canvas: Canvas): string {
  const { random, palette, width, height } = canvas;
  const cell = Math.max(6, random.range(0.1, 0.3) * Math.max(width, height));
  const dot = `<circle cx="${n(cell / 2)}" cy="${n(cell / 2)}" r="${n(cell * random.range(0.2, 0.42))}" fill="${palette.colour()}"/>`;
  return `${plain(canvas)}<pattern id="back" patternUnits="userSpaceOnUse" width="${n(cell)}" height="${n(cell)}">${dot}</pattern>${fill(canvas, "url(#back)")}`;
}

/** Clouds, marble, bark, gravel: Perlin noise in one of the scene's colours over another. */
function turbulence(canvas: Canvas): string {
  const { random, palette, width, height } = canvas;
  const base = random.range(1.5, 24) / Math.max(width, height);
  const stretch = random.weighted([
    [3, 1],
    [1, 4],
    [1, 0.25],
  ]);
  const type = random.pick(["turbulence", "fractalNoise"]);
  return `${plain(canvas)}<filter id="back" x="0" y="0" width="1" height="1"><feTurbulence type="${type}" baseFrequency="${(base * stretch).toFixed(4)} ${base.toFixed(4)}" numOctaves="${random.int(1, 4)}" seed="${random.int(1, 9999)}"/><feColorMatrix values="0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 ${n(random.range(3, 7))} 0 0 0 ${n(random.range(-2, -1))}"/><feComposite in="SourceGraphic" operator="in"/></filter>${rect(0, 0, width, height, `fill="${palette.colour()}" filter="url(#back)"`)}`;
}

/** A sky over a ground, with hills or a straight horizon between them. */
function landscape(canvas: Canvas): string {
  const { random, palette, width, height } = canvas;
  const horizon = random.range(0.35, 0.75) * height;
  const sky = `<linearGradient id="back" x2="0" y2="1">${stops([palette.sky(), palette.sky()])}</linearGradient>${fill(canvas, "url(#back)")}`;
  const layers = [sky];
  if (random.chance(0.35)) {
    const radius = random.range(0.06, 0.14) * Math.max(width, height);
    layers.push(
      `<circle cx="${n(random.range(0.1, 0.9) * width)}" cy="${n(random.range(0.15, 0.9) * horizon)}" r="${n(radius)}" fill="${palette.colour()}"/>`,
    );
  }
  for (let hills = random.int(0, 2); hills > 0; hills--) {
    layers.push(ridge(canvas, horizon, random.range(0.08, 0.3) * height, palette.ground()));
  }
  layers.push(rect(0, horizon, width, height - horizon, `fill="${palette.ground()}"`));
  return layers.join("");
}

function ridge({ random, width }: Canvas, base: number, relief: number, paint: string): string {
  const peaks = random.int(2, 6);
  const points = [`0,${n(base)}`];
  for (let peak = 0; peak <= peaks; peak++) {
    points.push(`${n((peak / peaks) * width)},${n(base - relief * random.next())}`);
  }
  points.push(`${n(width)},${n(base)}`);
  return `<polygon points="${points.join(" ")}" fill="${paint}"/>`;
}
