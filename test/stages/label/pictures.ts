import { type Picture, pictureOf } from "../../../src/stages/label/teachers/builtin/picture.js";
import { measure, TAGS } from "../../../src/stages/label/teachers/builtin/tags.js";

export type Rgb = readonly [red: number, green: number, blue: number];
export type Paint = (x: number, y: number) => Rgb;

export const WHITE: Rgb = [255, 255, 255];
export const BLACK: Rgb = [0, 0, 0];
export const GRAY: Rgb = [128, 128, 128];
export const RED: Rgb = [210, 20, 30];

export function grey(value: number): Rgb {
  return [value, value, value];
}

/** 8-bit sRGB of a picture given by a colour for each pixel. */
export function pixels(paint: Paint, width = 64, height = 64): Uint8Array {
  const rgb = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) rgb.set(paint(x, y), 3 * (y * width + x));
  }
  return rgb;
}

export function picture(paint: Paint, width = 64, height = 64): Picture {
  return pictureOf(pixels(paint, width, height), width, height);
}

/** Every tag's score of a picture. */
export function scores(paint: Paint, width = 64, height = 64): Record<string, number> {
  const measurements = measure(picture(paint, width, height));
  return Object.fromEntries(Object.entries(TAGS).map(([tag, score]) => [tag, score(measurements)]));
}

/** White noise from a fixed linear congruential generator (Park and Miller), 0 to 1. */
export function noise(seed = 1): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}
