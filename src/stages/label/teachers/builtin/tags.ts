import { type Edges, measureEdges } from "./edges.js";
import { type Layout, measureLayout } from "./layout.js";
import type { Picture } from "./picture.js";
import { type ColourTerm, colourAreas } from "./terms.js";
import { measureTone, type Tone } from "./tone.js";

/** All that is measured of a picture; each tag is a function of it. */
export interface Measurements {
  readonly areas: Readonly<Record<ColourTerm, number>>;
  readonly tone: Tone;
  readonly edges: Edges;
  readonly layout: Layout;
}

export function measure(picture: Picture): Measurements {
  return {
    areas: colourAreas(picture.rgb),
    tone: measureTone(picture),
    edges: measureEdges(picture),
    layout: measureLayout(picture),
  };
}

type Score = (m: Measurements) => number;

/**
 * A smooth step: 0.5 at the threshold, 0.73 one `width` above it, 0.95 three above. A negative width steps down.
 * Scores move without jumps as a picture changes, which is what a student can learn.
 */
function over(value: number, threshold: number, width: number): number {
  return 1 / (1 + Math.exp((threshold - value) / width));
}

/** A tag is on to the extent that its weakest condition is. */
const all = Math.min;

/** A colour is a tag of a picture when it covers a fifth of it. */
function colour(term: ColourTerm): Score {
  return ({ areas }) => over(areas[term], 0.2, 0.05);
}

/** Lines along a direction, given that there are edges at all and that direction has the larger part. */
function lines(direction: "level" | "upright" | "oblique", share: number): Score {
  return ({ edges }) => all(over(edges[direction], share, 0.06), over(edges.meanGradient, 1, 0.2));
}

/** The tags, by name. Thresholds are in the units of the measurements (tone.ts, edges.ts, layout.ts). */
export const TAGS: Readonly<Record<string, Score>> = {
  black: colour("black"),
  blue: colour("blue"),
  brown: colour("brown"),
  gray: colour("gray"),
  green: colour("green"),
  orange: colour("orange"),
  pink: colour("pink"),
  purple: colour("purple"),
  red: colour("red"),
  white: colour("white"),
  yellow: colour("yellow"),

  bright: ({ tone }) => over(tone.meanL, 70, 4),
  dark: ({ tone }) => over(tone.meanL, 32, -4),
  "high contrast": ({ tone }) => over(tone.highL - tone.lowL, 55, 5),
  "low contrast": ({ tone }) => over(tone.highL - tone.lowL, 22, -3),

  vivid: ({ tone }) => over(tone.meanChroma, 45, 4),
  muted: ({ tone }) => all(over(tone.meanChroma, 20, -2.5), over(tone.highChroma, 7, 1)),
  monochrome: ({ tone }) => over(tone.highChroma, 7, -1),
  pastel: ({ tone }) => over(tone.pastelShare, 0.4, 0.07),
  colourful: ({ tone }) => over(tone.colourfulness, 48, 4),
  warm: ({ tone }) => over(tone.meanB + 0.5 * tone.meanA, 22, 3),
  cool: ({ tone }) => over(tone.meanB + 0.5 * tone.meanA, -10, -2.5),

  smooth: ({ edges }) => over(edges.flatShare, 0.8, 0.04),
  textured: ({ edges }) => over(edges.flatShare, 0.25, -0.04),
  busy: ({ edges }) => over(edges.edgeShare, 0.2, 0.03),
  "fine texture": ({ edges, tone }) => all(over(edges.fineness, 0.16, 0.02), over(tone.sdL, 3, 0.5)),
  sharp: ({ edges, tone }) =>
    all(over(edges.steepest / (tone.highL - tone.lowL + 4), 0.38, 0.03), over(edges.steepest, 8, 1)),
  blurry: ({ edges, tone }) => over(edges.steepest / (tone.highL - tone.lowL + 4), 0.14, -0.015),

  "horizontal lines": lines("level", 0.5),
  "vertical lines": lines("upright", 0.5),
  "diagonal lines": lines("oblique", 0.62),
  stripes: ({ edges }) => all(over(edges.coherence, 0.7, 0.05), over(edges.meanGradient, 1.5, 0.3)),
  round: ({ edges }) => all(over(edges.radial, 0.78, 0.03), over(edges.meanGradient, 0.5, 0.1)),

  "left-right symmetry": ({ layout }) => over(layout.leftRight, 0.8, 0.04),
  "top-bottom symmetry": ({ layout }) => over(layout.topBottom, 0.8, 0.04),
  "bright top": ({ layout }) => over(layout.topOverBottom, 15, 2.5),
  "bright bottom": ({ layout }) => over(layout.topOverBottom, -15, -2.5),
  "bright centre": ({ layout }) => over(layout.centreOverRim, 14, 2.5),
  "dark centre": ({ layout }) => over(layout.centreOverRim, -14, -2.5),
  "plain background": ({ layout }) => over(layout.rimSpread, 9, -1.5),
  "centred object": ({ layout }) => all(over(layout.centreApart, 25, 4), over(layout.rimSpread, 16, -2)),
  gradient: ({ layout }) => all(over(layout.planeFit, 0.5, 0.05), over(layout.planeRise, 12, 2)),
};
