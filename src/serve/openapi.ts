import { VERSION } from "../core/version.js";
import { LIMITS } from "./vision.js";

const feature = {
  type: "object",
  properties: {
    type: { description: "LABEL_DETECTION, by name or number (4)", type: ["string", "integer"] },
    maxResults: { type: "integer", description: "labels at most; 0 or none: 10" },
  },
} as const;

const image = {
  type: "object",
  properties: {
    content: {
      type: "string",
      description: "the picture's bytes in base64: JPEG, PNG, WebP, GIF, TIFF or AVIF",
    },
    source: {
      type: "object",
      properties: {
        imageUri: { type: "string", description: "an address, where the server was told to read them" },
      },
    },
  },
} as const;

/** The body of `images:annotate`: what fastify checks a request by, and what the documentation shows. */
export const ANNOTATE_BODY = {
  type: "object",
  required: ["requests"],
  properties: {
    requests: {
      type: "array",
      minItems: 1,
      maxItems: LIMITS.images,
      items: {
        type: "object",
        properties: { image, features: { type: "array", items: feature } },
      },
    },
  },
} as const;

const status = {
  type: "object",
  properties: { code: { type: "integer" }, message: { type: "string" }, status: { type: "string" } },
} as const;

const label = {
  type: "object",
  properties: {
    description: { type: "string", description: "the tag" },
    score: { type: "number", minimum: 0, maximum: 1 },
    topicality: { type: "number", description: "equal to score" },
  },
} as const;

const json = (schema: object) => ({ content: { "application/json": { schema } } });
const refusal = (description: string) => ({
  description,
  ...json({ type: "object", properties: { error: status } }),
});

/** The server's own description, OpenAPI 3.1. */
export function openApi(secured: boolean): object {
  return {
    openapi: "3.1.0",
    info: {
      title: "pipestill serve",
      version: VERSION,
      description:
        "Labels pictures with a trained student, in the terms of Google Cloud Vision's REST interface.",
    },
    paths: {
      "/v1/images:annotate": {
        post: {
          operationId: "annotateImages",
          summary: `Labels for up to ${LIMITS.images} pictures, in their order`,
          requestBody: { required: true, ...json(ANNOTATE_BODY) },
          responses: {
            200: {
              description:
                "One response a picture; a picture that cannot be labelled has an error of its own",
              ...json({
                type: "object",
                properties: {
                  responses: {
                    type: "array",
                    items: {
                      type: "object",
                      properties: { labelAnnotations: { type: "array", items: label }, error: status },
                    },
                  },
                },
              }),
            },
            400: refusal("Not the JSON this path takes, too many pictures, or more than 10 MiB"),
            ...(secured ? { 401: refusal("No key"), 403: refusal("Another key") } : {}),
            429: refusal("Too many pictures are waiting: Retry-After tells when to come again"),
            503: refusal("Stopping"),
          },
          ...(secured ? { security: [{ key: [] }, { header: [] }, { bearer: [] }] } : {}),
        },
      },
      "/healthz": {
        get: {
          summary: "Whether pictures are labelled now",
          responses: { 200: { description: "Yes" }, 503: { description: "No" } },
        },
      },
      "/metrics": {
        get: {
          summary: "Counts, in Prometheus's text format",
          responses: { 200: { description: "Counts" } },
        },
      },
    },
    ...(secured
      ? {
          components: {
            securitySchemes: {
              key: { type: "apiKey", in: "query", name: "key" },
              header: { type: "apiKey", in: "header", name: "x-goog-api-key" },
              bearer: { type: "http", scheme: "bearer" },
            },
          },
        }
      : {}),
  };
}
