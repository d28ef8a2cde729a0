import type { Size } from "./network.js";
import { random } from "./random.js";

export interface Augmentation {
  /** Mirrors half of the images, another half in each epoch. */
  readonly flip: boolean;
  /** The largest share of each side that is cut off; what is left is enlarged to the whole. 0: none. */
  readonly crop: number;
  /** The largest relative change of brightness, contrast and saturation. 0: none. */
  readonly colour: number;
}

/**
 * Copies an RGB image, changed at random. Each change is a function of (seed, epoch, id) alone, so neither the order
 * of images nor a resumption moves it.
 *
 * @param from bytes, [height, width, 3]
 * @param to the same shape, 0–255, not rounded
 */
export function augment(
  from: Uint8Array,
  to: Float32Array,
  size: Size,
  { flip, crop, colour }: Augmentation,
  key: { readonly seed: number; readonly epoch: number; readonly id: string },
): void {
  const source = (change: string) => random(change, key.seed, key.epoch, key.id);
  if (crop > 0) {
    const draw = source("crop");
    const share = 1 - crop * draw.next();
    zoom(from, to, size, { share, left: draw.next(), top: draw.next() });
  } else {
    to.set(from);
  }
  if (flip && source("flip").next() < 0.5) mirror(to, size.width);
  if (colour > 0) {
    const draw = source("colour");
    const factor = () => 1 + colour * (2 * draw.next() - 1);
    recolour(to, { brightness: factor(), contrast: factor(), saturation: factor() });
  }
}

/** A part of an image: its share of each side, and where it lies in the room that leaves, 0 to 1 each. */
interface Part {
  readonly share: number;
  readonly left: number;
  readonly top: number;
}

/** Enlarges a part of an image to the size of the whole, bilinearly between pixel centres. */
export function zoom(from: Uint8Array, to: Float32Array, { width, height }: Size, part: Part): void {
  const columns = samplePoints(width, part.share, part.left);
  const rows = samplePoints(height, part.share, part.top);
  let out = 0;
  for (const { first: above, second: below, weight: v } of rows) {
    for (const { first: left, second: right, weight: u } of columns) {
      const a = (above * width + left) * 3;
      const b = (above * width + right) * 3;
      const c = (below * width + left) * 3;
      const d = (below * width + right) * 3;
      for (let channel = 0; channel < 3; channel++) {
        const upper = from[a + channel]! * (1 - u) + from[b + channel]! * u;
        const lower = from[c + channel]! * (1 - u) + from[d + channel]! * u;
        to[out++] = upper * (1 - v) + lower * v;
      }
    }
  }
}

/** For each pixel of a side, the two that it lies between in the part, and how near it is to the second. */
function samplePoints(length: number, share: number, offset: number) {
  const start = (1 - share) * offset * length;
  return Array.from({ length }, (_, i) => {
    const at = Math.min(length - 1, Math.max(0, start + (i + 0.5) * share - 0.5));
    const first = Math.floor(at);
    return { first, second: Math.min(length - 1, first + 1), weight: at - first };
  });
}

/** Reverses the columns of an RGB image in place. */
function mirror(image: Float32Array, width: number): void {
  for (let row = 0; row < image.length; row += width * 3) {
    for (let left = row, right = row + (width - 1) * 3; left < right; left += 3, right -= 3) {
      for (let c = 0; c < 3; c++) {
        const kept = image[left + c]!;
        image[left + c] = image[right + c]!;
        image[right + c] = kept;
      }
    }
  }
}

interface Factors {
  readonly brightness: number;
  readonly contrast: number;
  readonly saturation: number;
}

/**
 * Changes an image in place in the manner of torchvision's ColorJitter, in a fixed order: x · brightness; mix of x
 * and the image's mean grey; mix of x and the pixel's grey; clipped to 0–255 after each. Grey is ITU-R BT.601's.
 */
export function recolour(image: Float32Array, { brightness, contrast, saturation }: Factors): void {
  let mean = 0;
  for (let i = 0; i < image.length; i += 3) {
    for (let c = 0; c < 3; c++) image[i + c] = byte(image[i + c]! * brightness);
    mean += grey(image, i);
  }
  mean /= image.length / 3;
  for (let i = 0; i < image.length; i += 3) {
    for (let c = 0; c < 3; c++) image[i + c] = byte(mean + (image[i + c]! - mean) * contrast);
    const own = grey(image, i);
    for (let c = 0; c < 3; c++) image[i + c] = byte(own + (image[i + c]! - own) * saturation);
  }
}

function grey(image: Float32Array, i: number): number {
  return 0.299 * image[i]! + 0.587 * image[i + 1]! + 0.114 * image[i + 2]!;
}

function byte(value: number): number {
  return Math.min(255, Math.max(0, value));
}
