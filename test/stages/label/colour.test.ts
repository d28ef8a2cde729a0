import assert from "node:assert/strict";
import { test } from "node:test";
import { measureEdges } from "../../../src/stages/label/teachers/builtin/edges.js";
import { labOf } from "../../../src/stages/label/teachers/builtin/lab.js";
import { COLOUR_TERMS, colourAreas } from "../../../src/stages/label/teachers/builtin/terms.js";
import { measureTone } from "../../../src/stages/label/teachers/builtin/tone.js";
import { grey, picture, pixels } from "./pictures.js";

test("CIELAB agrees with the published values of the sRGB primaries", () => {
  // brucelindbloom.com's calculator: sRGB, D65, no adaptation.
  const published: [rgb: [number, number, number], lab: [number, number, number]][] = [
    [
      [255, 0, 0],
      [53.2408, 80.0925, 67.2032],
    ],
    [
      [0, 255, 0],
      [87.7347, -86.1827, 83.1793],
    ],
    [
      [0, 0, 255],
      [32.297, 79.1875, -107.8602],
    ],
    [
      [255, 255, 255],
      [100, 0, 0],
    ],
    [
      [0, 0, 0],
      [0, 0, 0],
    ],
  ];
  for (const [rgb, expected] of published) {
    labOf(...rgb).forEach((value, i) => {
      assert.ok(Math.abs(value - expected[i]!) < 0.02, `${rgb}: ${value}, published ${expected[i]}`);
    });
  }
});

test("areas sum to one, and each anchor is called by its own term", () => {
  for (const [term, anchors] of Object.entries(COLOUR_TERMS)) {
    for (const anchor of anchors) {
      const areas = colourAreas(pixels(() => anchor, 4, 4));
      const sum = Object.values(areas).reduce((a, b) => a + b, 0);
      assert.ok(Math.abs(sum - 1) < 1e-5, `${anchor}: ${sum}`);
      const [first] = Object.entries(areas).sort((a, b) => b[1] - a[1]);
      assert.equal(first![0], term, `${anchor}`);
    }
  }
});

test("tone in numbers worked out by hand", () => {
  // Half black, half white: L is 0 and 100.
  const tone = measureTone(picture((x) => grey(x < 32 ? 0 : 255)));
  assert.ok(Math.abs(tone.meanL - 50) < 0.01 && Math.abs(tone.sdL - 50) < 0.01);
  assert.ok(tone.lowL < 1 && tone.highL > 99);
  assert.ok(tone.meanChroma < 0.1 && tone.colourfulness < 0.1);
});

test("edges in numbers worked out by hand", () => {
  // A hard upright step: the columns beside it have the gradient 100/2, two of the 62 inner columns.
  const step = measureEdges(picture((x) => grey(x < 32 ? 0 : 255)));
  assert.ok(Math.abs(step.meanGradient - (50 * 2) / 62) < 0.01, String(step.meanGradient));
  assert.ok(Math.abs(step.edgeShare - 2 / 62) < 1e-9);
  assert.ok(step.upright > 0.999 && step.level < 1e-9 && step.coherence > 0.999);
});
