import { type Measured, measure, type Predicted } from "../../../src/stages/eval/measure.js";
import type { PictureCard, ReportData } from "../../../src/stages/eval/report/data.js";
import { thumbnail } from "../../../src/stages/report/thumbnails.js";
import { drawing } from "../../rigs/drawing.js";
import { temporaryFolder } from "../../rigs/folder.js";

/** A made-up evaluation: `images` images with soft targets of some structure and a student that half knows them. */
export interface Synthetic {
  readonly tags: readonly string[];
  readonly images: number;
}

/** Uniform numbers in [0, 1), the same in every run (32-bit xorshift). */
export function stream(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Scores of the student and the teacher for a split; arrays are used again, as the stage's own are. */
export async function* predictions({ tags, images }: Synthetic, seed: number): AsyncGenerator<Predicted> {
  const next = stream(seed);
  const scores = new Float32Array(tags.length);
  const targets = new Float32Array(tags.length);
  for (let i = 0; i < images; i++) {
    for (let t = 0; t < tags.length; t++) {
      const rare = 1 + (t % 8);
      const q = next() ** rare;
      targets[t] = q > 0.1 ? q : 0;
      scores[t] = Math.min(1, Math.max(0, 0.65 * q + 0.35 * next() ** rare));
    }
    yield { id: `image-${String(i).padStart(4, "0")}`, scores, targets };
  }
}

/** The share of images on which each tag's target is at least 0.5. */
export async function prevalence(set: Synthetic, seed: number): Promise<Float32Array> {
  const shares = new Float32Array(set.tags.length);
  for await (const { targets } of predictions(set, seed)) {
    for (let t = 0; t < shares.length; t++) if (targets[t]! >= 0.5) shares[t]! += 1 / set.images;
  }
  return shares;
}

export async function measureSynthetic(set: Synthetic): Promise<Measured> {
  return measure({
    prevalence: await prevalence(set, 1),
    rules: { positiveAt: 0.5, minPositives: 10, maxPrevalence: 0.5 },
    sample: predictions(set, 1),
    holdout: predictions(set, 2),
    scratch: temporaryFolder(),
    signal: new AbortController().signal,
    onImage() {},
  });
}

/** A drawn picture, different for each number. */
async function picture(n: number) {
  const next = stream(n * 7919 + 1);
  const hue = () => Math.floor(next() * 360);
  const shapes = Array.from({ length: 4 }, () => {
    const [x, y, r] = [next() * 64, next() * 64, 6 + next() * 16];
    return `<circle cx="${x}" cy="${y}" r="${r}" fill="hsl(${hue()} 70% 55%)"/>`;
  });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><rect width="64" height="64" fill="hsl(${hue()} 45% 70%)"/>${shapes.join("")}</svg>`;
  return thumbnail(await drawing(svg).png().toBuffer());
}

/** All that a report needs, with real (drawn) pictures. */
export async function syntheticReport(set: Synthetic): Promise<ReportData> {
  const measured = await measureSynthetic(set);
  const shares = await prevalence(set, 1);
  let drawn = 0;
  const withPictures = async (cards: readonly PictureCard[]): Promise<PictureCard[]> => {
    const done: PictureCard[] = [];
    for (const card of cards) {
      const made = await picture(++drawn);
      done.push(made ? { ...card, picture: made } : card);
    }
    return done;
  };
  return {
    about: [
      ["architecture", "vgg-small"],
      ["input", "64 × 64 pixels"],
      ["tags", String(set.tags.length)],
    ],
    calibrated: true,
    metrics: measured.student.metrics(),
    baseline: measured.baseline.metrics(),
    rules: measured.rules,
    baselineThreshold: measured.baselineThreshold,
    thresholdImages: measured.thresholdImages,
    tags: set.tags.map((tag, position) => ({
      tag,
      position,
      trainPrevalence: shares[position]!,
      ...measured.student.tag(position),
    })),
    bins: measured.student.bins(),
    history: Array.from({ length: 12 }, (_, i) => ({ epoch: i + 1, loss: 0.24 + 0.4 * 0.7 ** i })),
    best: await withPictures(measured.gallery.best),
    worst: await withPictures(measured.gallery.worst),
    random: await withPictures(measured.gallery.random),
  };
}
