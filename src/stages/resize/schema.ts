import Type, { type Static } from "typebox";

const OURS = ["pad-top-left", "pad-center", "cover", "contain", "stretch"] as const;
const IMG2DATASET = ["no", "border", "keep_ratio", "keep_ratio_largest", "center_crop"] as const;

const pixels = { minimum: 1, maximum: 16_383 };

export const Params = Type.Object(
  {
    size: Type.Union(
      [
        Type.Integer({ description: "Width and height.", ...pixels }),
        Type.Object(
          {
            width: Type.Integer({ description: "Width in pixels.", ...pixels }),
            height: Type.Integer({ description: "Height in pixels.", ...pixels }),
          },
          { additionalProperties: false, description: "Width and height, where they differ." },
        ),
      ],
      { description: "Size of the output in pixels.", default: 224 },
    ),
    fit: Type.Enum([...OURS, ...IMG2DATASET], {
      description:
        "pad-top-left, pad-center: scaled to fit, the rest filled with `background`. cover: scaled to fill, cut off " +
        "evenly. contain: scaled to fit, nothing filled, so that sizes differ. stretch: aspect ratio given up. " +
        "img2dataset's names do as well: no (left at its size), keep_ratio (the shorter side is `size`, nothing cut), " +
        "keep_ratio_largest (contain), center_crop (cover), border (pad-center).",
      default: "pad-top-left",
    }),
    only_if_bigger: Type.Boolean({
      description:
        "Pictures that are not larger than `size` keep their pixels. The pad fits still fill them up to `size`; the others " +
        "leave them at the size they have, as img2dataset does.",
      default: false,
      pipeSince: "0.1.0",
    }),
    format: Type.Enum(["jpg", "png", "webp"], { description: "Format of the output.", default: "jpg" }),
    quality: Type.Integer({ description: "Quality of jpg and webp.", default: 95, minimum: 1, maximum: 100 }),
    background: Type.String({
      description: "Colour behind padding and transparent pixels, as #rrggbb.",
      default: "#000000",
      pattern: "^#[0-9a-fA-F]{6}$",
    }),
    kernel: Type.Enum(["nearest", "linear", "cubic", "mitchell", "lanczos2", "lanczos3", "area"], {
      description:
        "How pixels are interpolated. area: the mean of the area under a pixel, and lanczos3 where a picture grows " +
        "(img2dataset's defaults; slower on large pictures).",
      default: "lanczos3",
    }),
    max_pixels: Type.Integer({
      description: "Larger pictures are set aside: a small file can unpack to more than memory holds.",
      default: 268_402_689,
      minimum: 1,
    }),
  },
  { additionalProperties: false, description: "Brings pictures to one size, upright, in 8-bit sRGB." },
);
export type Params = Static<typeof Params>;
