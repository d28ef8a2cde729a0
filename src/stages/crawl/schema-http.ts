import Type, { type Static } from "typebox";

const seconds = (description: string, value: number) =>
  Type.Number({ description, default: value, minimum: 0.1, maximum: 3600, pipeNeutral: true });

/** How pictures are fetched; the same for every source that fetches any. */
export const NETWORK = {
  concurrency: Type.Integer({
    description: "Requests under way at once.",
    default: 64,
    minimum: 1,
    maximum: 1024,
    pipeNeutral: true,
  }),
  per_host: Type.Integer({
    description: "Requests under way at once at one host.",
    default: 4,
    minimum: 1,
    maximum: 256,
    pipeNeutral: true,
  }),
  per_host_rate: Type.Number({
    description:
      "Requests a second at one host; 0: as its answers allow. A crawl-delay in robots.txt counts beside it.",
    default: 0,
    minimum: 0,
    maximum: 10_000,
    pipeNeutral: true,
  }),
  connect_timeout: seconds("Seconds until a connection has to be there.", 10),
  headers_timeout: seconds("Seconds from a request until its answer has to begin.", 30),
  body_timeout: seconds("In each period of so many seconds at least 16 KiB of an answer have to come.", 10),
  retries: Type.Integer({
    description:
      "Further tries after a failure that may pass, each after a longer wait, or the one the server asks for.",
    default: 2,
    minimum: 0,
    maximum: 20,
    pipeNeutral: true,
  }),
  max_bytes: Type.Integer({
    description: "Larger pictures are refused, packed or unpacked.",
    default: 20_000_000,
    minimum: 1024,
    maximum: 2_000_000_000,
  }),
  max_pixels: Type.Integer({
    description: "Pictures of more pixels are refused before they are decoded.",
    default: 75_000_000,
    minimum: 1,
    maximum: 1_000_000_000,
  }),
  robots: Type.Boolean({
    description: "Keeps to robots.txt, fetched once per host: its rules and its crawl-delay.",
    default: true,
  }),
  opt_outs: Type.Boolean({
    description:
      "Keeps to X-Robots-Tag (noai, noimageai, noindex, noimageindex) and tdm-reservation in answers.",
    default: true,
  }),
  user_agent: Type.String({
    description: "What requests say they come from. Its first word is the name that robots.txt is read for.",
    default: "pipestill (+https://www.npmjs.com/package/pipestill)",
    minLength: 1,
    maxLength: 200,
    pattern: "^[A-Za-z][ -~]*$",
    pipeNeutral: true,
  }),
  allow_private: Type.Boolean({
    description: "Lets private, loopback and link-local addresses through.",
    default: false,
  }),
  max_failures: Type.Optional(
    Type.Number({
      description:
        "Stops the stage when more items fail: a number from 1, or a share below it (0.2: a fifth).",
      exclusiveMinimum: 0,
      pipeNeutral: true,
    }),
  ),
  refresh: Type.Union(
    [Type.Literal("never"), Type.Literal("always"), Type.String({ pattern: "^[1-9][0-9]{0,5}(m|h|d|w)$" })],
    {
      description:
        "When the source is asked again, though a result is there: never, always, or when that is older than 12h, 7d … Pictures are then fetched only if they have changed.",
      default: "never",
      pipeNeutral: true,
    },
  ),
};

const NETWORK_OBJECT = Type.Object(NETWORK);
export type Network = Static<typeof NETWORK_OBJECT>;

const columnName = (description: string, more: object = {}) =>
  Type.String({ description, minLength: 1, maxLength: 200, ...more });
const optionalColumn = (of: string) => Type.Optional(columnName(`Column of ${of}.`));

export const UrlsSource = Type.Object(
  {
    type: Type.Literal("urls", { description: "Pictures by their addresses, from a list." }),
    list: Type.String({
      description:
        "The list: a file, named from the folder of the pipeline file, or an address; gzipped or not.",
      minLength: 1,
      pipeListing: true,
    }),
    authorization_env: Type.Optional(
      Type.String({
        description: "The environment variable that holds an Authorization header for a list over HTTP.",
        pattern: "^[A-Za-z_][A-Za-z0-9_]*$",
        pipeSecret: true,
        pipeNeutral: true,
      }),
    ),
    format: Type.Enum(["auto", "txt", "csv", "tsv", "jsonl", "parquet"], {
      description: "What the list is written in; auto: as its name ends.",
      default: "auto",
      pipeListing: true,
    }),
    columns: Type.Object(
      {
        url: columnName("Column of addresses.", { default: "url" }),
        id: optionalColumn("ids of the user's own; else an id is the hash of the address"),
        page_url: optionalColumn("the pages that show the pictures"),
        author: optionalColumn("authors"),
        license: optionalColumn("licences"),
        license_url: optionalColumn("the licences' addresses"),
        attribution: optionalColumn("the words that name author and licence"),
      },
      {
        additionalProperties: false,
        description: "Names of the list's columns.",
        default: {},
        pipeListing: true,
      },
    ),
    extra: Type.Array(columnName("A column."), {
      description: "Further columns that are carried along, as text.",
      default: [],
      uniqueItems: true,
      maxItems: 100,
      pipeListing: true,
    }),
    ...NETWORK,
  },
  { additionalProperties: false, description: "Pictures from a list of addresses." },
);
export type UrlsSource = Static<typeof UrlsSource>;
