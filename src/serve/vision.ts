import type { Label } from "../student/labels.js";
import { ServeError } from "./status.js";

/** What Vision allows, and so do we (cloud.google.com/vision/quotas). */
export const LIMITS = {
  /** Images in a request. */
  images: 16,
  /** Bytes of a request. */
  body: 10 * 2 ** 20,
  /** Bytes of a picture that is fetched. */
  image: 20 * 2 ** 20,
  pixels: 75_000_000,
} as const;

const LABEL_DETECTION = { name: "LABEL_DETECTION", number: 4 } as const;
const DEFAULT_RESULTS = 10;

/** JSON of a BatchAnnotateImagesRequest, as far as it is read. Keys may be written as protobuf's JSON allows. */
export interface AnnotateBody {
  readonly requests: readonly AnnotateRequest[];
}

interface AnnotateRequest {
  readonly image?: {
    readonly content?: string;
    readonly source?: {
      readonly [key in "imageUri" | "image_uri" | "gcsImageUri" | "gcs_image_uri"]?: string;
    };
  };
  readonly features?: readonly {
    readonly type?: string | number;
    readonly maxResults?: number;
    readonly max_results?: number;
  }[];
}

/** One image to be labelled. */
export interface Wanted {
  readonly image: { readonly bytes: Buffer } | { readonly uri: string };
  readonly maxResults: number;
  /** What was asked for and cannot be had; the labels come all the same. */
  readonly beside?: ServeError;
}

/** An answer for one image: AnnotateImageResponse. */
export interface AnnotateResponse {
  readonly labelAnnotations?: readonly {
    readonly description: string;
    readonly score: number;
    readonly topicality: number;
  }[];
  readonly error?: { readonly code: number; readonly message: string };
}

/** @throws ServeError for an image that cannot be labelled as it was asked for. */
export function readImage({ image, features = [] }: AnnotateRequest): Wanted {
  const labels = features.filter(
    ({ type }) => type === LABEL_DETECTION.name || type === LABEL_DETECTION.number,
  );
  const others = features
    .filter((feature) => !labels.includes(feature))
    .map(({ type }) => String(type ?? "?"));
  if (features.length === 0)
    throw new ServeError("INVALID_ARGUMENT", "No features given: ask for LABEL_DETECTION.");
  const beside = others.length > 0 ? unimplemented(others) : undefined;
  if (labels.length === 0) throw beside!;
  const asked = labels[0]!.maxResults ?? labels[0]!.max_results ?? 0;
  if (asked < 0) throw new ServeError("INVALID_ARGUMENT", `maxResults is ${asked}: expected 0 or more.`);
  return {
    image: source(image),
    maxResults: asked === 0 ? DEFAULT_RESULTS : asked,
    ...(beside ? { beside } : {}),
  };
}

function unimplemented(features: readonly string[]): ServeError {
  return new ServeError(
    "UNIMPLEMENTED",
    `This server gives LABEL_DETECTION alone, not ${features.join(", ")}.`,
  );
}

function source(image: AnnotateRequest["image"]): Wanted["image"] {
  if (image?.content) {
    // Buffer.from would read over what is no base64.
    if (!/^[\w+/-]*={0,2}$/.test(image.content)) {
      throw new ServeError("INVALID_ARGUMENT", "The image's content is no base64.");
    }
    return { bytes: Buffer.from(image.content, "base64") };
  }
  const { imageUri, image_uri, gcsImageUri, gcs_image_uri } = image?.source ?? {};
  const uri = imageUri ?? image_uri ?? gcsImageUri ?? gcs_image_uri;
  if (uri) return { uri };
  throw new ServeError("INVALID_ARGUMENT", "No image present.");
}

/** Labels as Vision gives them. There is no `mid`: the student's tags are words, not entries of a knowledge graph. */
export function labelResponse(labels: readonly Label[], beside?: ServeError): AnnotateResponse {
  return {
    labelAnnotations: labels.map(({ tag, score }) => ({ description: tag, score, topicality: score })),
    ...(beside ? { error: beside.rpc } : {}),
  };
}
