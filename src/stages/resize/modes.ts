import type { FitEnum } from "sharp";
import type { Params } from "./schema.js";

/** A size in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** What a `fit` does. */
export interface Mode {
  /** How sharp scales, and with `cover` cuts; absent: not at all. */
  readonly scale?: keyof Omit<FitEnum, "contain">;
  /** Where the picture stands when the rest of `size` is filled; absent: nothing is filled. */
  readonly fill?: "top-left" | "centre";
  /** Under `only_if_bigger` a picture that is not larger is not even filled up. */
  readonly leaves?: true;
}

/** Ours, then img2dataset's by its own names; `border` differs from `pad-center` in pictures that are small already. */
const MODES: Readonly<Record<Params["fit"], Mode>> = {
  "pad-top-left": { scale: "inside", fill: "top-left" },
  "pad-center": { scale: "inside", fill: "centre" },
  cover: { scale: "cover" },
  contain: { scale: "inside" },
  stretch: { scale: "fill" },
  no: {},
  border: { scale: "inside", fill: "centre", leaves: true },
  keep_ratio: { scale: "outside" },
  keep_ratio_largest: { scale: "inside" },
  center_crop: { scale: "cover" },
};

export function modeOf({ fit }: Params): Mode {
  return MODES[fit];
}

export function targetOf({ size }: Params): Size {
  return typeof size === "number" ? { width: size, height: size } : size;
}

/** Width and height of a picture after scaling, before anything is cut: rounded, and at least a pixel. */
export function scaledSize(picture: Size, mode: Mode, target: Size): Size {
  const [x, y] = [target.width / picture.width, target.height / picture.height];
  if (mode.scale === "fill") return target;
  const factor = mode.scale === "inside" ? Math.min(x, y) : Math.max(x, y);
  return {
    width: Math.max(1, Math.round(picture.width * factor)),
    height: Math.max(1, Math.round(picture.height * factor)),
  };
}

/** Whether scaling would make the picture smaller: img2dataset's "bigger", for any target. */
export function isBigger(picture: Size, mode: Mode, target: Size): boolean {
  const [wide, high] = [picture.width > target.width, picture.height > target.height];
  return mode.scale === "cover" || mode.scale === "outside" ? wide && high : wide || high;
}
