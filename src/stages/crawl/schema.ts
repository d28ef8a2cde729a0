import Type, { type Static } from "typebox";
import { OpenverseSource, PixabaySource } from "./schema-apis.js";
import { UrlsSource } from "./schema-http.js";

const strict = { additionalProperties: false };

export const SyntheticSource = Type.Object(
  {
    type: Type.Literal("synthetic", {
      description: "Procedural scenes, drawn here: no key, no network, as many as you like.",
    }),
    count: Type.Integer({
      description: "How many scenes.",
      default: 1500,
      minimum: 1,
      maximum: 9_999_999,
      pipeListing: true,
    }),
    seed: Type.Integer({ description: "Which scenes: another seed, another world.", default: 0, minimum: 0 }),
    size: Type.Integer({
      description: "Long side of a scene in pixels; aspect ratios vary.",
      default: 96,
      minimum: 16,
      maximum: 2048,
    }),
  },
  { ...strict, description: "Scenes made up from a seed." },
);
export type SyntheticSource = Static<typeof SyntheticSource>;

export const LocalSource = Type.Object(
  {
    type: Type.Literal("local", { description: "Pictures in a folder on this machine." }),
    path: Type.String({
      description: "The folder; a relative path starts at the pipeline file.",
      minLength: 1,
      pipeListing: true,
    }),
    patterns: Type.Array(Type.String({ minLength: 1 }), {
      description: "Which files, as glob patterns below the folder; upper and lower case are the same.",
      default: ["**/*.{jpg,jpeg,jpe,png,webp,gif,tif,tiff,avif,heic,heif,bmp}"],
      minItems: 1,
      pipeListing: true,
    }),
    ignore: Type.Array(Type.String({ minLength: 1 }), {
      description: "Which of them not, as glob patterns.",
      default: [],
      pipeListing: true,
    }),
    follow_symlinks: Type.Boolean({
      description: "Go into linked folders. Linked files are always taken.",
      default: false,
      pipeListing: true,
    }),
  },
  { ...strict, description: "Pictures in a folder." },
);
export type LocalSource = Static<typeof LocalSource>;

const licenses = Type.Array(Type.String({ minLength: 1, pattern: "[A-Za-z0-9]" }), { minItems: 1 });

export const Rights = Type.Object(
  {
    allow: Type.Optional({
      ...licenses,
      description:
        "Licences that are taken, all others not: cc0, cc-by, cc-by-sa-4.0, pdm, pixabay … A name without a version stands for all.",
    }),
    deny: Type.Optional({ ...licenses, description: "Licences that are not taken." }),
    unknown: Type.Enum(["keep", "drop"], {
      description: "What becomes of pictures of which no licence is told.",
      default: "drop",
    }),
  },
  {
    ...strict,
    description: "Takes pictures by their licence; those refused stand in `failures`.",
    pipeListing: true,
  },
);
export type Rights = Static<typeof Rights>;

/** Named as img2dataset names them. */
export const Filters = Type.Object(
  {
    min_image_size: Type.Optional(
      Type.Integer({ description: "The shorter side has at least so many pixels.", minimum: 1 }),
    ),
    max_image_area: Type.Optional(
      Type.Integer({ description: "Width times height is at most this.", minimum: 1 }),
    ),
    max_aspect_ratio: Type.Optional(
      Type.Number({ description: "The longer side is at most so many times the shorter.", minimum: 1 }),
    ),
    formats: Type.Optional(
      Type.Array(Type.Enum(["jpg", "png", "webp", "gif", "tiff", "heif", "avif", "bmp"]), {
        description: "Formats that are taken.",
        minItems: 1,
        uniqueItems: true,
      }),
    ),
  },
  {
    ...strict,
    description: "Sets pictures aside by their size, shape and format. Another filter fetches nothing anew.",
    pipeListing: true,
  },
);
export type Filters = Static<typeof Filters>;

export const Params = Type.Object(
  {
    source: Type.Unsafe<SyntheticSource | LocalSource | UrlsSource | PixabaySource | OpenverseSource>({
      type: "object",
      description: "Where the pictures come from.",
      required: ["type"],
      discriminator: { propertyName: "type" },
      oneOf: [SyntheticSource, LocalSource, UrlsSource, PixabaySource, OpenverseSource],
    }),
    rights: Type.Optional(Rights),
    filters: Type.Optional(Filters),
  },
  { ...strict, description: "Gathers pictures with their identity and rights." },
);
export type Params = Static<typeof Params>;
