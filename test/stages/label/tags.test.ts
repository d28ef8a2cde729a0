import assert from "node:assert/strict";
import { test } from "node:test";
import { TAGS } from "../../../src/stages/label/teachers/builtin/tags.js";
import { BLACK, GRAY, grey, noise, type Paint, RED, type Rgb, scores, WHITE } from "./pictures.js";

const plain =
  (colour: Rgb): Paint =>
  () =>
    colour;
const ramp: Paint = (x) => grey(4 * x);
const inside = (radius: number, x: number, y: number, cx = 31.5, cy = 31.5) =>
  Math.hypot(x - cx, y - cy) < radius;
const random = noise();
const grain: Paint = () => grey(Math.floor(random() * 256));
/** A soft, blurred step from dark to light. */
const softStep: Paint = (x) => grey(128 + 100 * Math.tanh((x - 32) / 12));
const hardStep: Paint = (x) => grey(x < 32 ? 28 : 228);
const random2 = noise(99);
const lopsided = Array.from({ length: 64 }, () => Array.from({ length: 64 }, () => random2()));
/** Large blocks of random lightness: no symmetry, few edges. */
const blocks: Paint = (x, y) => grey(255 * lopsided[y >> 4]![x >> 4]!);

/** For each tag, pictures that plainly have it and pictures that plainly have not. */
const CASES: Record<string, { on: Paint[]; off: Paint[] }> = {
  black: { on: [plain([5, 5, 8])], off: [plain(WHITE), plain(RED), plain(GRAY)] },
  blue: { on: [plain([20, 60, 210]), plain([110, 170, 240])], off: [plain(RED), plain(WHITE)] },
  brown: { on: [plain([105, 62, 30])], off: [plain([255, 140, 0]), plain(GRAY)] },
  gray: { on: [plain(GRAY)], off: [plain(WHITE), plain(BLACK), plain(RED)] },
  green: { on: [plain([20, 150, 60]), plain([30, 80, 30])], off: [plain(RED), plain([20, 60, 210])] },
  orange: { on: [plain([255, 140, 0])], off: [plain([105, 62, 30]), plain([255, 235, 0])] },
  pink: { on: [plain([255, 160, 190])], off: [plain(RED), plain(WHITE)] },
  purple: { on: [plain([120, 40, 160])], off: [plain([20, 60, 210]), plain(RED)] },
  red: { on: [plain(RED)], off: [plain([20, 60, 210]), plain([255, 160, 190]), plain(WHITE)] },
  white: { on: [plain([252, 252, 250])], off: [plain(GRAY), plain([255, 160, 190])] },
  yellow: { on: [plain([250, 225, 20])], off: [plain([255, 140, 0]), plain(WHITE)] },

  bright: { on: [plain(grey(240))], off: [plain(GRAY), plain(BLACK)] },
  dark: { on: [plain(grey(20))], off: [plain(GRAY), plain(WHITE)] },
  "high contrast": { on: [hardStep, grain], off: [plain(GRAY), (x) => grey(100 + x)] },
  "low contrast": { on: [plain(GRAY), (x) => grey(110 + x / 4)], off: [hardStep, ramp] },

  vivid: { on: [plain([230, 20, 30]), plain([0, 180, 40])], off: [plain(GRAY), plain([150, 130, 130])] },
  muted: { on: [plain([150, 130, 120])], off: [plain([230, 20, 30]), plain(GRAY)] },
  monochrome: { on: [ramp, plain(GRAY)], off: [plain(RED), plain([150, 110, 110])] },
  pastel: {
    on: [plain([250, 205, 215]), plain([190, 225, 245])],
    off: [plain(RED), plain(WHITE), plain(BLACK)],
  },
  colourful: {
    on: [
      (x) =>
        (
          [
            [230, 30, 30],
            [30, 160, 50],
            [40, 60, 220],
            [240, 220, 40],
          ] as Rgb[]
        )[x >> 4]!,
    ],
    off: [plain(GRAY), ramp, plain([150, 130, 120])],
  },
  warm: { on: [plain([240, 150, 60])], off: [plain(GRAY), plain([60, 120, 220])] },
  cool: { on: [plain([60, 120, 220])], off: [plain(GRAY), plain([240, 150, 60])] },

  smooth: { on: [plain(GRAY), (x, y) => (inside(15, x, y) ? RED : GRAY)], off: [grain] },
  textured: { on: [grain], off: [plain(GRAY), hardStep] },
  busy: {
    on: [grain, (x, y) => grey(((x >> 2) + (y >> 2)) % 2 ? 230 : 20)],
    off: [plain(GRAY), hardStep, ramp],
  },
  "fine texture": { on: [grain, (x, y) => grey((x + y) % 2 ? 160 : 90)], off: [hardStep, ramp, plain(GRAY)] },
  sharp: { on: [hardStep, (x, y) => (inside(20, x, y) ? BLACK : WHITE)], off: [softStep, plain(GRAY)] },
  blurry: { on: [softStep, ramp], off: [hardStep, grain] },

  "horizontal lines": {
    on: [(_, y) => grey(y % 16 < 8 ? 200 : 60)],
    off: [(x) => grey(x % 16 < 8 ? 200 : 60), grain, plain(GRAY)],
  },
  "vertical lines": {
    on: [(x) => grey(x % 16 < 8 ? 200 : 60)],
    off: [(_, y) => grey(y % 16 < 8 ? 200 : 60), grain, plain(GRAY)],
  },
  "diagonal lines": {
    on: [(x, y) => grey((x + y) % 20 < 10 ? 200 : 60), (x, y) => grey((x + 64 - y) % 20 < 10 ? 200 : 60)],
    off: [(_, y) => grey(y % 16 < 8 ? 200 : 60), plain(GRAY)],
  },
  stripes: {
    on: [(_, y) => grey(y % 16 < 8 ? 200 : 60), (x, y) => grey((x + y) % 20 < 10 ? 200 : 60)],
    off: [grain, blocks, plain(GRAY), (x, y) => (inside(20, x, y) ? BLACK : WHITE)],
  },
  round: {
    on: [(x, y) => (inside(20, x, y) ? RED : WHITE), (x, y) => (inside(14, x, y, 22, 40) ? BLACK : GRAY)],
    off: [blocks, grain, plain(GRAY), hardStep],
  },

  "left-right symmetry": {
    on: [(_, y) => grey(4 * y), (x, y) => (inside(20, x, y) ? RED : WHITE)],
    off: [ramp, blocks, grain],
  },
  "top-bottom symmetry": {
    on: [ramp, (x, y) => (inside(20, x, y) ? RED : WHITE)],
    off: [(_, y) => grey(4 * y), blocks, grain],
  },
  "bright top": { on: [(_, y) => grey(250 - 3 * y)], off: [plain(WHITE), (_, y) => grey(60 + 3 * y), ramp] },
  "bright bottom": {
    on: [(_, y) => grey(60 + 3 * y)],
    off: [plain(WHITE), (_, y) => grey(250 - 3 * y), ramp],
  },
  "bright centre": {
    on: [(x, y) => (inside(20, x, y) ? WHITE : grey(60))],
    off: [plain(WHITE), (x, y) => (inside(20, x, y) ? BLACK : WHITE)],
  },
  "dark centre": {
    on: [(x, y) => (inside(20, x, y) ? BLACK : WHITE)],
    off: [plain(BLACK), (x, y) => (inside(20, x, y) ? WHITE : grey(60))],
  },
  "plain background": {
    on: [plain(RED), (x, y) => (inside(20, x, y) ? BLACK : WHITE)],
    off: [grain, blocks, hardStep],
  },
  "centred object": {
    on: [(x, y) => (inside(20, x, y) ? RED : WHITE)],
    off: [plain(RED), grain, hardStep, (x, y) => (inside(9, x, y, 10, 10) ? RED : WHITE)],
  },
  gradient: {
    on: [ramp, (_, y) => grey(250 - 3 * y)],
    off: [plain(GRAY), grain, (x, y) => (inside(20, x, y) ? BLACK : WHITE)],
  },
};

test("every tag has its pictures, and no picture has no tag", () => {
  assert.deepEqual(Object.keys(CASES).sort(), Object.keys(TAGS).sort());
});

for (const [tag, { on, off }] of Object.entries(CASES)) {
  test(`${tag}: over 0.9 where it is plainly so, under 0.1 where it is plainly not`, () => {
    for (const [i, paint] of on.entries()) {
      const score = scores(paint)[tag]!;
      assert.ok(score > 0.9, `picture ${i} that has it: ${score}`);
    }
    for (const [i, paint] of off.entries()) {
      const score = scores(paint)[tag]!;
      assert.ok(score < 0.1, `picture ${i} that has it not: ${score}`);
    }
  });
}

test("a colour's score rises with its area, without jumps", () => {
  let last = 0;
  for (let columns = 0; columns <= 32; columns++) {
    const score = scores((x) => (x < columns ? RED : WHITE)).red!;
    assert.ok(score > last, `${columns} columns of red: ${score} after ${last}`);
    assert.ok(score - last < 0.1, `${columns} columns of red: a jump of ${score - last}`);
    last = score;
  }
});

test("scores stay in [0, 1] on anything, a single pixel included", () => {
  for (const [width, height] of [
    [1, 1],
    [2, 1],
    [1, 64],
    [3, 3],
    [64, 5],
  ] as const) {
    for (const paint of [plain(WHITE), plain(BLACK), grain, hardStep]) {
      for (const [tag, score] of Object.entries(scores(paint, width, height))) {
        assert.ok(score >= 0 && score <= 1, `${tag} of ${width}×${height}: ${score}`);
      }
    }
  }
});
