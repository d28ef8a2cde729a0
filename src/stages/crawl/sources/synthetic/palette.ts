import type { Random } from "./random.js";

/** Hue in degrees, saturation and lightness in percent. */
type Hsl = readonly [hue: number, saturation: number, lightness: number];

/** The eleven basic colour terms, so that every one of them turns up often enough to be learnt. */
const BASE: readonly Hsl[] = [
  [355, 80, 45],
  [28, 90, 52],
  [50, 92, 55],
  [120, 55, 38],
  [212, 75, 50],
  [278, 55, 45],
  [338, 80, 75],
  [25, 50, 27],
  [0, 0, 8],
  [0, 0, 95],
  [0, 0, 55],
];
const WARM = [0, 1, 2, 6, 7];
const COOL = [3, 4, 5, 10];

/** How a scene's colours are drawn and bent. */
interface Mood {
  readonly from?: readonly number[];
  /** Factor on saturation. */
  readonly saturation: number;
  /** Lightness is drawn towards this value … */
  readonly towards: number;
  /** … by this share. */
  readonly pull: number;
}

const MOODS: readonly (readonly [number, Mood])[] = [
  [22, { saturation: 1, towards: 50, pull: 0.1 }],
  [11, { saturation: 1.4, towards: 52, pull: 0.25 }],
  [9, { saturation: 0.35, towards: 50, pull: 0.1 }],
  [9, { saturation: 0.75, towards: 84, pull: 0.75 }],
  [8, { saturation: 0, towards: 50, pull: 0 }],
  [11, { saturation: 0.9, towards: 10, pull: 0.7 }],
  [8, { saturation: 0.8, towards: 92, pull: 0.7 }],
  [11, { from: WARM, saturation: 1.1, towards: 55, pull: 0.15 }],
  [11, { from: COOL, saturation: 1.1, towards: 50, pull: 0.15 }],
];

/** A scene's colours: draws as many as the scene asks for, all in one mood. */
export class Palette {
  private readonly mood: Mood;
  private readonly base: readonly Hsl[];
  private drawn = 0;

  constructor(private readonly random: Random) {
    this.mood = random.weighted(MOODS);
    const from = this.mood.from ?? BASE.map((_, index) => index);
    // Neighbours in the list differ in their term: a thing never has the colour of what it stands on.
    const start = random.int(0, from.length - 1);
    const step = random.int(1, from.length - 1);
    this.base = Array.from(
      { length: random.int(2, 5) },
      (_, i) => BASE[from[(start + i * step) % from.length]!]!,
    );
  }

  /** The next of the scene's base colours, varied: neighbours differ, so that things stand out from what is behind. */
  colour(): string {
    return this.bend(this.base[this.drawn++ % this.base.length]!);
  }

  sky(): string {
    return this.bend(
      this.random.weighted<Hsl>([
        [6, [208, 70, 66]],
        [2, [28, 80, 62]],
        [2, [220, 12, 80]],
        [2, [232, 50, 18]],
      ]),
    );
  }

  ground(): string {
    return this.bend(
      this.random.weighted<Hsl>([
        [5, [105, 45, 34]],
        [4, [32, 42, 36]],
        [2, [44, 55, 66]],
        [2, [205, 55, 34]],
        [2, [0, 0, 92]],
      ]),
    );
  }

  private bend([hue, saturation, lightness]: Hsl): string {
    const { random, mood } = this;
    const h = (hue + random.range(-9, 9) + 360) % 360;
    const s = clamp(saturation * mood.saturation * random.range(0.85, 1.15));
    const contrast = random.range(-1, 1) * (random.chance(0.5) ? 8 : 24);
    const l = clamp(lightness + (mood.towards - lightness) * mood.pull + contrast);
    return `hsl(${h.toFixed(1)},${s.toFixed(1)}%,${l.toFixed(1)}%)`;
  }
}

function clamp(percent: number): number {
  return Math.min(100, Math.max(0, percent));
}
