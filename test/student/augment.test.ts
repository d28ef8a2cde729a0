import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Augmentation, augment, recolour, zoom } from "../../src/student/augment.js";
import { assertClose } from "../engine/numeric.js";
import { scene } from "./data.js";

const SIZE = { width: 6, height: 6 };
const IMAGE = scene(1, 6).rgb;
const NONE: Augmentation = { flip: false, crop: 0, colour: 0 };

function changed(change: Partial<Augmentation>, key: { seed?: number; epoch?: number; id?: string } = {}) {
  const to = new Float32Array(IMAGE.length);
  augment(IMAGE, to, SIZE, { ...NONE, ...change }, { seed: 1, epoch: 1, id: "a", ...key });
  return [...to];
}

describe("augmentation", () => {
  it("changes nothing unless asked", () => assert.deepEqual(changed({}), [...IMAGE]));

  for (const change of [{ crop: 0.4 }, { colour: 0.3 }, { flip: true, crop: 0.4, colour: 0.3 }]) {
    it(`${JSON.stringify(change)} depends on seed, epoch and id alone, and stays within bytes`, () => {
      const first = changed(change);
      assert.deepEqual(changed(change), first);
      assert.notDeepEqual(first, [...IMAGE]);
      assert.notDeepEqual(changed(change, { seed: 2 }), first);
      assert.notDeepEqual(changed(change, { epoch: 2 }), first);
      assert.notDeepEqual(changed(change, { id: "b" }), first);
      assert.ok(first.every((v) => v >= 0 && v <= 255));
    });
  }

  it("flip mirrors about half of the images, whole columns at a time", () => {
    const rows = Array.from({ length: 6 }, (_, y) => [...IMAGE.subarray(y * 18, y * 18 + 18)]);
    const mirrored = rows.flatMap((row) => [5, 4, 3, 2, 1, 0].flatMap((x) => row.slice(x * 3, x * 3 + 3)));
    let flipped = 0;
    for (let i = 0; i < 200; i++) {
      const image = changed({ flip: true }, { id: `image ${i}` });
      if (image.every((v, at) => v === mirrored[at])) flipped++;
      else assert.deepEqual(image, [...IMAGE]);
    }
    assert.ok(flipped > 70 && flipped < 130, `${flipped} of 200`);
  });

  it("crop enlarges a part bilinearly", () => {
    // Red rises by 10 a column, green by 20 a row: a linear image stays linear inside.
    const size = { width: 4, height: 4 };
    const from = Uint8Array.from({ length: 48 }, (_, i) => {
      const [x, y] = [Math.floor(i / 3) % 4, Math.floor(i / 12)];
      return [10 * x, 20 * y, 7][i % 3]!;
    });
    const to = new Float32Array(48);
    zoom(from, to, size, { share: 0.5, left: 1, top: 0 });
    const red = [0, 1, 2, 3].map((x) => to[x * 3]!);
    const green = [0, 1, 2, 3].map((y) => to[y * 12 + 1]!);
    // The right half, columns 2 to 4: centres at 1.75, 2.25, 2.75, 3.25, which is beyond the last one's.
    assertClose(red, [17.5, 22.5, 27.5, 30], 1e-6);
    // The upper half: centres at -0.25 (the border's), 0.25, 0.75, 1.25.
    assertClose(green, [0, 5, 15, 25], 1e-6);
    assert.ok(to.every((v, i) => i % 3 !== 2 || v === 7));
  });

  it("colour scales brightness, then contrast about the mean grey, then saturation about the pixel's", () => {
    const image = Float32Array.of(100, 50, 200, 20, 40, 60);
    recolour(image, { brightness: 2, contrast: 0.5, saturation: 0 });
    // By hand: (200, 100, 255) and (40, 80, 120); greys 147.57 and 72.6, mean 110.085; halfway to it; greys of that.
    assertClose(image, [128.8275, 128.8275, 128.8275, 91.3425, 91.3425, 91.3425], 1e-6);
    const same = Float32Array.of(100, 50, 200, 20, 40, 60);
    recolour(same, { brightness: 1, contrast: 1, saturation: 1 });
    assertClose(same, [100, 50, 200, 20, 40, 60], 1e-6);
  });
});
