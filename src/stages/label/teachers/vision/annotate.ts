import { isJsonObject, type Json, type JsonObject } from "../../../../core/json.js";
import type { Answer, Label, SafeSearch } from "../../teacher.js";

/** A request for one picture, in the JSON of Vision's REST interface. */
export interface AnnotateRequest {
  readonly image: { readonly content: string };
  readonly features: readonly { readonly type: string; readonly maxResults?: number }[];
}

/** An answer about one picture: AnnotateImageResponse. */
export type AnnotateResponse = JsonObject;

/** google.rpc.Code values of failures that may pass: UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, INTERNAL, UNAVAILABLE. */
const PASSING = [2, 4, 8, 10, 13, 14];

/** google.rpc.Code INVALID_ARGUMENT: with a picture, "Bad image data." */
const INVALID_ARGUMENT = 3;

/** The features that a stage's params ask for. */
export function featuresOf(params: {
  readonly max_results: number;
  readonly safe_search: boolean;
}): AnnotateRequest["features"] {
  const labels = { type: "LABEL_DETECTION", maxResults: params.max_results };
  return params.safe_search ? [labels, { type: "SAFE_SEARCH_DETECTION" }] : [labels];
}

/** An answer as it came; one that says nothing readable is a failure that may pass: "no labels" would be kept for good. */
export function wellFormed(response: Json): AnnotateResponse {
  const labels = isJsonObject(response) ? (response.labelAnnotations ?? []) : undefined;
  if (isJsonObject(response) && Array.isArray(labels) && labels.every(isJsonObject)) return response;
  return { error: { code: 13, message: "the answer is not of Vision's form" } };
}

/** Whether asking again may give an answer, or the rest of one. */
export function isPassing(response: AnnotateResponse): boolean {
  return PASSING.includes(Number(errorOf(response)?.code));
}

/** Whether there is anything in it that was asked for: annotations beside an error are valid (image_annotator.proto). */
export function hasAnnotations(response: AnnotateResponse): boolean {
  return labelsOf(response).length > 0 || isJsonObject(response.safeSearchAnnotation);
}

/**
 * Reads an answer. Without an error, no labels is an answer too; with one, it is only where something came beside it.
 *
 * @param json the answer as it is kept
 */
export function readAnswer(json: string): Answer {
  const response = JSON.parse(json) as AnnotateResponse;
  const error = errorOf(response);
  if (error && !hasAnnotations(response)) {
    const { code, message } = error;
    return {
      ok: false,
      class: code === INVALID_ARGUMENT ? "refused-by-teacher" : "teacher-error",
      detail: `${message || "no reason given"} (code ${code})`,
      transient: isPassing(response),
    };
  }
  const safeSearch = safeSearchOf(response.safeSearchAnnotation);
  return {
    ok: true,
    labels: labelsOf(response),
    ...(safeSearch ? { safeSearch } : {}),
    raw: Buffer.from(json),
  };
}

function errorOf({
  error,
}: AnnotateResponse): { readonly code: number; readonly message: string } | undefined {
  if (!isJsonObject(error)) return undefined;
  return { code: Number(error.code ?? 0), message: String(error.message ?? "") };
}

function labelsOf({ labelAnnotations }: AnnotateResponse): Label[] {
  if (!Array.isArray(labelAnnotations)) return [];
  return labelAnnotations.flatMap((entry: Json) => {
    if (!isJsonObject(entry) || typeof entry.description !== "string" || entry.description === "") return [];
    const { description: tag, score, mid, topicality } = entry;
    return {
      tag,
      // proto3 leaves out what is 0.
      score: share(score ?? 0),
      ...(typeof mid === "string" && mid !== "" ? { mid } : {}),
      ...(typeof topicality === "number" ? { topicality: share(topicality) } : {}),
    };
  });
}

function share(value: Json): number {
  const number = Number(value);
  return Number.isFinite(number) ? Math.min(1, Math.max(0, number)) : 0;
}

/** google.cloud.vision.v1.Likelihood by number. */
const LIKELIHOODS = ["UNKNOWN", "VERY_UNLIKELY", "UNLIKELY", "POSSIBLE", "LIKELY", "VERY_LIKELY"];

function safeSearchOf(annotation: Json | undefined): SafeSearch | undefined {
  if (!isJsonObject(annotation)) return undefined;
  const of = (name: string) => likelihood(annotation[name]);
  return {
    adult: of("adult"),
    spoof: of("spoof"),
    medical: of("medical"),
    violence: of("violence"),
    racy: of("racy"),
  };
}

function likelihood(value: Json | undefined): string {
  if (typeof value === "number") return LIKELIHOODS[value] ?? "UNKNOWN";
  return typeof value === "string" && LIKELIHOODS.includes(value) ? value : "UNKNOWN";
}
