import { type Canvas, type Layer, n, rect } from "./backdrops.js";
import type { Random } from "./random.js";

/** A thing drawn around (x, y) with about the given radius. */
type Thing = (x: number, y: number, radius: number, paint: string, random: Random) => string;

const THINGS: readonly (readonly [weight: number, thing: Thing])[] = [
  [5, disc],
  [2, ring],
  [2, ellipse],
  [3, box],
  [3, polygon],
  [2, star],
  [2, tree],
  [2, house],
];

export const ARRANGEMENTS: readonly (readonly [weight: number, layer: Layer])[] = [
  [12, () => ""],
  [30, centred],
  [34, scattered],
  [24, mirrored],
];

/** One large thing in the middle. */
function centred(canvas: Canvas): string {
  const { width, height, random, palette } = canvas;
  const thing = random.weighted(THINGS);
  const radius = random.range(0.2, 0.42) * Math.min(width, height);
  const x = width * random.range(0.45, 0.55);
  const y = height * random.range(0.45, 0.55);
  return thing(x, y, radius, palette.colour(), random);
}

/** A few things, or many small ones, anywhere. */
function scattered(canvas: Canvas): string {
  const { width, height, random, palette } = canvas;
  const many = random.chance(0.35);
  const count = many ? random.int(15, 45) : random.int(2, 8);
  const size = Math.min(width, height) * (many ? random.range(0.03, 0.08) : random.range(0.1, 0.22));
  const kinds = Array.from({ length: random.int(1, 3) }, () => random.weighted(THINGS));
  const things: string[] = [];
  for (let i = 0; i < count; i++) {
    const thing = random.pick(kinds);
    const radius = size * random.range(0.7, 1.4);
    things.push(thing(random.next() * width, random.next() * height, radius, palette.colour(), random));
  }
  return things.join("");
}

/** Things and their mirror images, left to right or top to bottom. */
function mirrored(canvas: Canvas): string {
  const { width, height, random, palette } = canvas;
  const upright = random.chance(0.6);
  const half: string[] = [];
  for (let count = random.int(1, 4); count > 0; count--) {
    const thing = random.weighted(THINGS);
    const along = random.range(0.1, 0.5);
    const across = random.range(0.12, 0.88);
    const [x, y] = upright ? [along * width, across * height] : [across * width, along * height];
    half.push(thing(x, y, random.range(0.1, 0.25) * Math.min(width, height), palette.colour(), random));
  }
  const flip = upright ? `translate(${n(width)} 0) scale(-1 1)` : `translate(0 ${n(height)}) scale(1 -1)`;
  return `<g id="half">${half.join("")}</g><use href="#half" transform="${flip}"/>`;
}

function disc(x: number, y: number, radius: number, paint: string): string {
  return `<circle cx="${n(x)}" cy="${n(y)}" r="${n(radius)}" fill="${paint}"/>`;
}

function ring(x: number, y: number, radius: number, paint: string, random: Random): string {
  const stroke = radius * random.range(0.2, 0.5);
  return `<circle cx="${n(x)}" cy="${n(y)}" r="${n(radius - stroke / 2)}" fill="none" stroke="${paint}" stroke-width="${n(stroke)}"/>`;
}

function ellipse(x: number, y: number, radius: number, paint: string, random: Random): string {
  const turn = `rotate(${n(random.range(0, 180))} ${n(x)} ${n(y)})`;
  return `<ellipse cx="${n(x)}" cy="${n(y)}" rx="${n(radius * 1.2)}" ry="${n(radius * random.range(0.4, 0.7))}" transform="${turn}" fill="${paint}"/>`;
}

function box(x: number, y: number, radius: number, paint: string, random: Random): string {
  const [w, h] = [radius * random.range(1.2, 2), radius * random.range(1.2, 2)];
  const turn = random.chance(0.4) ? random.range(0, 90) : 0;
  return rect(x - w / 2, y - h / 2, w, h, `transform="rotate(${n(turn)} ${n(x)} ${n(y)})" fill="${paint}"`);
}

function polygon(x: number, y: number, radius: number, paint: string, random: Random): string {
  return points(x, y, random.int(3, 6), () => radius, random.range(0, Math.PI), paint);
}

function star(x: number, y: number, radius: number, paint: string, random: Random): string {
  const spikes = random.int(4, 8);
  return points(x, y, spikes * 2, (i) => (i % 2 ? radius * 0.45 : radius), -Math.PI / 2, paint);
}

function tree(x: number, y: number, radius: number, paint: string): string {
  const trunk = rect(x - radius * 0.12, y, radius * 0.24, radius, `fill="hsl(25,45%,25%)"`);
  return `${trunk}<circle cx="${n(x)}" cy="${n(y - radius * 0.3)}" r="${n(radius * 0.65)}" fill="${paint}"/>`;
}

function house(x: number, y: number, radius: number, paint: string): string {
  const walls = rect(x - radius * 0.8, y - radius * 0.2, radius * 1.6, radius * 1.1, `fill="${paint}"`);
  const roof = `${n(x - radius)},${n(y - radius * 0.2)} ${n(x)},${n(y - radius)} ${n(x + radius)},${n(y - radius * 0.2)}`;
  const door = rect(
    x - radius * 0.15,
    y + radius * 0.3,
    radius * 0.3,
    radius * 0.6,
    `fill="hsl(20,40%,20%)"`,
  );
  return `${walls}<polygon points="${roof}" fill="hsl(8,55%,38%)"/>${door}`;
}

function points(
  x: number,
  y: number,
  corners: number,
  radius: (corner: number) => number,
  start: number,
  paint: string,
): string {
  const list = Array.from({ length: corners }, (_, i) => {
    const angle = start + (2 * Math.PI * i) / corners;
    return `${n(x + radius(i) * Math.cos(angle))},${n(y + radius(i) * Math.sin(angle))}`;
  });
  return `<polygon points="${list.join(" ")}" fill="${paint}"/>`;
}
