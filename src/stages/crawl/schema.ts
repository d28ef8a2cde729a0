import Type, { type Static } from "typebox";

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

export const Params = Type.Object(
  {
    source: Type.Unsafe<SyntheticSource | LocalSource>({
      type: "object",
      description: "Where the pictures come from.",
      required: ["type"],
      discriminator: { propertyName: "type" },
      oneOf: [SyntheticSource, LocalSource],
    }),
    rights: Type.Optional(Rights),
  },
  { ...strict, description: "Gathers pictures with their identity and rights." },
);
export type Params = Static<typeof Params>;
