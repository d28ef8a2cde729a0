import Type, { type Static } from "typebox";
import { LABEL_TARIFF } from "./teachers/vision/tariff.js";

const strict = { additionalProperties: false };

const safeSearch = Type.Boolean({
  description:
    "Also ask for SAFE_SEARCH_DETECTION: likelihoods of adult, spoofed, medical, violent and racy content, which Google gives free with labels.",
  default: false,
});

export const maxResults = Type.Integer({
  description: "Labels for each picture at most.",
  default: 50,
  minimum: 1,
  maximum: 1000,
});

/** Params of how a service is asked, none of which changes an answer. */
const asking = {
  batch: Type.Integer({
    description: "Pictures in one request; Vision takes 16.",
    default: 16,
    minimum: 1,
    maximum: 16,
    pipeNeutral: true,
  }),
  concurrency: Type.Integer({
    description: "Requests under way at once.",
    default: 4,
    minimum: 1,
    maximum: 64,
    pipeNeutral: true,
  }),
  requests_per_minute: Type.Integer({
    description: "Requests in a minute at most: Vision's default quota.",
    default: 1800,
    minimum: 1,
    pipeNeutral: true,
  }),
  images_per_minute: Type.Integer({
    description: "Pictures in a minute at most: Vision's default quota for labels.",
    default: 1800,
    minimum: 1,
    pipeNeutral: true,
  }),
  retries: Type.Integer({
    description:
      "Further tries of a request that failed in a way that may pass, and of a picture in it. The wait doubles each time, to half a minute.",
    default: 8,
    minimum: 0,
    maximum: 20,
    pipeNeutral: true,
  }),
  timeout: Type.Number({
    description: "Seconds to wait for an answer.",
    default: 60,
    exclusiveMinimum: 0,
    maximum: 600,
    pipeNeutral: true,
  }),
};

const TariffParams = Type.Object(
  {
    free: Type.Integer({
      description: "Units that cost nothing in a month.",
      default: LABEL_TARIFF.free,
      minimum: 0,
    }),
    used: Type.Integer({
      description: "Units used this month already, here or elsewhere.",
      default: LABEL_TARIFF.used,
      minimum: 0,
    }),
    steps: Type.Array(
      Type.Object(
        {
          above: Type.Integer({
            description: "Units of the month after which the price holds.",
            minimum: 0,
          }),
          usd_per_1000: Type.Number({ description: "USD for 1,000 units.", minimum: 0 }),
        },
        strict,
      ),
      { description: "Prices by the number of units in a month, rising.", default: LABEL_TARIFF.steps },
    ),
  },
  {
    ...strict,
    description:
      "What answers cost. Where left out: Google's list prices of labels, and nothing at another endpoint.",
    pipeNeutral: true,
  },
);

export const GoogleVisionTeacher = Type.Object(
  {
    type: Type.Literal("google-vision", {
      description: "Google Cloud Vision, through Google's own client. Costs money: see docs/teachers.md.",
    }),
    safe_search: safeSearch,
    max_results: maxResults,
    key_env: Type.String({
      description:
        "Environment variable with an API key. Where it is not set, credentials are found as Google's libraries find them (GOOGLE_APPLICATION_CREDENTIALS, gcloud, the machine's account). Another endpoint than Google's gets no key unless another variable than GOOGLE is named here.",
      default: "GOOGLE",
      pattern: "^[A-Za-z_][A-Za-z0-9_]*$",
      pipeNeutral: true,
      pipeSecret: true,
    }),
    endpoint: Type.Optional(
      Type.String({
        description:
          "Where to ask instead of vision.googleapis.com: https://eu-vision.googleapis.com, or a server of your own such as pipe serve.",
        pattern: "^https?://[^/?#@]+/?$",
      }),
    ),
    max_cost: Type.Number({
      description: "USD: a stage that would cost more does not begin, and nothing is sent.",
      default: 5,
      minimum: 0,
      pipeNeutral: true,
    }),
    tariff: Type.Optional(TariffParams),
    ...asking,
  },
  { ...strict, description: "Google Cloud Vision's labels." },
);
export type GoogleVisionTeacher = Static<typeof GoogleVisionTeacher>;

export const HttpTeacher = Type.Object(
  {
    type: Type.Literal("http", {
      description: "Any server that speaks the JSON of Vision's images:annotate, such as pipe serve.",
    }),
    url: Type.String({
      description: "Where requests are posted: http://localhost:8080/v1/images:annotate. Holds no key.",
      pattern: "^https?://[^/?#@]+/[^?#]*$",
    }),
    safe_search: safeSearch,
    max_results: maxResults,
    key_env: Type.Optional(
      Type.String({
        description: "Environment variable whose value is sent along, in the header that `key_header` names.",
        pattern: "^[A-Za-z_][A-Za-z0-9_]*$",
        pipeNeutral: true,
        pipeSecret: true,
      }),
    ),
    key_header: Type.String({
      description: "The header that holds the key. In `authorization` it is sent as a bearer token.",
      default: "x-goog-api-key",
      pattern: "^[A-Za-z][A-Za-z0-9-]*$",
      pipeNeutral: true,
    }),
    ...asking,
  },
  { ...strict, description: "A server that answers as Vision does." },
);
export type HttpTeacher = Static<typeof HttpTeacher>;
