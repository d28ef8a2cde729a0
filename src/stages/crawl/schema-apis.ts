import Type, { type Static } from "typebox";
import { NETWORK } from "./schema-http.js";

const listing = { pipeListing: true } as const;

const queries = Type.Array(Type.String({ minLength: 1, maxLength: 200 }), {
  description: "What to search for, one search after the other.",
  minItems: 1,
  maxItems: 1000,
  ...listing,
});

const limit = (value: number, terms: string) =>
  Type.Integer({
    description: `Pictures to take at most, of all searches together. ${terms}`,
    default: value,
    minimum: 1,
    maximum: 1_000_000,
    ...listing,
  });

const endpoint = (url: string) =>
  Type.String({ description: "The API's address.", default: url, pattern: "^https?://", ...listing });

const variable = (description: string, more: object = {}) =>
  Type.String({
    description,
    pattern: "^[A-Za-z_][A-Za-z0-9_]*$",
    pipeSecret: true,
    pipeNeutral: true,
    ...more,
  });

const flag = (description: string, value: boolean) =>
  Type.Boolean({ description, default: value, ...listing });

const choice = <T extends string>(description: string, values: readonly T[]) =>
  Type.Optional(Type.Enum([...values], { description, ...listing }));

const split = <T extends string>(names: readonly T[]) =>
  Type.Array(Type.Enum([...names]), {
    description:
      "Where a search finds more than the API shows of one, it is made again for each value of these parameters, in this order.",
    default: [],
    uniqueItems: true,
    ...listing,
  });

const COLORS =
  "grayscale transparent red orange yellow green turquoise blue lilac pink white gray black brown".split(" ");
const CATEGORIES =
  "backgrounds fashion nature science education feelings health people religion places animals industry computer food sports transportation travel buildings business music".split(
    " ",
  );

/** Parameters that split a search, with their documented values (pixabay.com/api/docs). */
export const PIXABAY_PARTS: Readonly<Record<string, readonly string[]>> = {
  colors: COLORS,
  category: CATEGORIES,
  orientation: ["horizontal", "vertical"],
};

export const PixabaySource = Type.Object(
  {
    type: Type.Literal("pixabay", { description: "Pictures from Pixabay's API." }),
    queries: { ...queries, items: Type.String({ minLength: 1, maxLength: 100 }) },
    key_env: variable("The environment variable that holds your API key.", { default: "PIXABAY_KEY" }),
    limit: limit(500, "Pixabay's terms forbid systematic mass downloads."),
    split: split(["colors", "category", "orientation"]),
    size: Type.Enum(["web", "large"], {
      description: "web: 640 pixels on the long side; large: 1280.",
      default: "web",
    }),
    no_ai_training: Type.Enum(["drop", "keep"], {
      description: "What becomes of pictures that are marked as not to be used to train AI.",
      default: "drop",
      ...listing,
    }),
    lang: choice("Language of the searches.", [
      ..."cs da de en es fr id it hu nl no pl pt ro sk fi sv tr vi th bg ru el ja ko zh".split(" "),
    ]),
    image_type: choice("Kind of picture.", ["all", "photo", "illustration", "vector"]),
    orientation: choice("Shape.", ["all", "horizontal", "vertical"]),
    category: choice("Category.", CATEGORIES),
    colors: Type.Optional(
      Type.Array(Type.Enum(COLORS), {
        description: "Colours, any of them.",
        minItems: 1,
        uniqueItems: true,
        ...listing,
      }),
    ),
    min_width: Type.Optional(Type.Integer({ description: "Least width in pixels.", minimum: 0, ...listing })),
    min_height: Type.Optional(
      Type.Integer({ description: "Least height in pixels.", minimum: 0, ...listing }),
    ),
    editors_choice: flag("Only those with an Editor's Choice award.", false),
    safesearch: flag("Only those suitable for all ages.", false),
    order: choice("Order of the results.", ["popular", "latest"]),
    endpoint: endpoint("https://pixabay.com/api/"),
    ...NETWORK,
    robots: Type.Boolean({
      description: "Keeps to robots.txt as well; the API's own terms allow the download of what it lists.",
      default: false,
    }),
  },
  { additionalProperties: false, description: "Pictures that searches at Pixabay find." },
);
export type PixabaySource = Static<typeof PixabaySource>;

const LICENSES = "by by-nc by-nc-nd by-nc-sa by-nd by-sa cc0 nc-sampling+ pdm sampling+".split(" ");

/** Parameters that split a search, with their documented values (api.openverse.org/v1/). */
export const OPENVERSE_PARTS: Readonly<Record<string, readonly string[]>> = {
  license: LICENSES,
  extension: ["jpg", "png", "gif", "svg"],
  category: ["photograph", "illustration", "digitized_artwork"],
  aspect_ratio: ["tall", "wide", "square"],
  size: ["small", "medium", "large"],
};

export const OpenverseSource = Type.Object(
  {
    type: Type.Literal("openverse", { description: "Openly licensed pictures from Openverse's API." }),
    queries,
    limit: limit(240, "Openverse's terms forbid scraping the catalogue."),
    client_id_env: Type.Optional(
      variable("The environment variable that holds your client id; without one: as anybody may."),
    ),
    client_secret_env: Type.Optional(variable("The environment variable that holds your client secret.")),
    split: split(["license", "extension", "category", "aspect_ratio", "size"]),
    license: Type.Optional(
      Type.Array(Type.Enum(LICENSES), {
        description: "Licences, any of them.",
        minItems: 1,
        uniqueItems: true,
        ...listing,
      }),
    ),
    license_type: Type.Optional(
      Type.Array(Type.Enum(["all", "all-cc", "commercial", "modification"]), {
        description: "What the licences have to allow.",
        minItems: 1,
        uniqueItems: true,
        ...listing,
      }),
    ),
    sources: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 100 }), {
        description: "Collections by their names at Openverse: flickr, met …",
        minItems: 1,
        uniqueItems: true,
        ...listing,
      }),
    ),
    creator: Type.Optional(Type.String({ description: "Author.", minLength: 1, maxLength: 200, ...listing })),
    category: choice("Kind of picture.", ["photograph", "illustration", "digitized_artwork"]),
    extension: choice("Ending of the file's name.", ["jpg", "png", "gif"]),
    aspect_ratio: choice("Shape.", ["tall", "wide", "square"]),
    size: choice("Size.", ["small", "medium", "large"]),
    mature: flag("Also those marked as for adults.", false),
    endpoint: endpoint("https://api.openverse.org/v1"),
    ...NETWORK,
  },
  { additionalProperties: false, description: "Openly licensed pictures that searches at Openverse find." },
);
export type OpenverseSource = Static<typeof OpenverseSource>;
