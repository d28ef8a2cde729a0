import type { Refusal } from "../../contract/refusal.js";

/**
 * Milliseconds of a training step for each pixel of an image, 6 layers frozen, two cores: VGG16 at 64 pixels takes 504 ms an
 * image on wasm, at 224 pixels 399 ms on the native engine (docs/decisions/0008 and 0012). VGG19 has 1.28 times its
 * multiplications.
 */
const STEP_MS: Readonly<Record<string, { readonly wasm: number; readonly native: number }>> = {
  vgg16: { wasm: 504 / 64 ** 2, native: 399 / 224 ** 2 },
  vgg19: { wasm: (1.28 * 504) / 64 ** 2, native: (1.28 * 399) / 224 ** 2 },
};

/** A thousand images an epoch are half an hour of it: more than anyone should have to wait for without asking. */
const REFUSED_FROM_MS = 1500;

/** A training as far as its time goes. */
export interface Work {
  readonly student: unknown;
  readonly engine: string | undefined;
  readonly size: { readonly width: number; readonly height: number };
  readonly epochs: number;
  /** Images of an epoch, where they are known. */
  readonly samples: number | undefined;
}

/** Says that a training would take days on wasm. */
export function tooSlow({ student, engine, size, epochs, samples }: Work): Refusal | undefined {
  const cost = typeof student === "string" ? STEP_MS[student] : undefined;
  if (!cost || engine !== "wasm") return undefined;
  const pixels = size.width * size.height;
  const wasm = cost.wasm * pixels;
  if (wasm < REFUSED_FROM_MS) return undefined;
  const images = epochs * (samples ?? 1000);
  const of = samples === undefined ? "every 1,000 images" : `${samples.toLocaleString("en")} images`;
  const took = (ms: number) => duration((ms * images) / 1000);
  return {
    message:
      `${student} at ${size.width} × ${size.height} pixels is too slow on wasm, ` +
      `about ${seconds(wasm)} s an image: ${took(wasm)} for ${epochs} epochs of ${of}, ` +
      `${took(cost.native * pixels)} on the native engine`,
    hint: "pipe engine install, then run again with `engine: auto`; or take a smaller `student` or `size`",
  };
}

const seconds = (ms: number) => Number((ms / 1000).toPrecision(2));

function duration(s: number): string {
  const hours = s / 3600;
  if (hours >= 48) return `${Math.round(hours / 24)} days`;
  return hours >= 1.5 ? `${Math.round(hours)} hours` : `${Math.max(1, Math.round(s / 60))} minutes`;
}
