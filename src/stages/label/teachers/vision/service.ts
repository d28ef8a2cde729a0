import { StageError } from "../../../../contract/stage.js";
import { isJsonObject, type Json } from "../../../../core/json.js";
import { WebError } from "../../../../core/net/web-error.js";
import type { AnnotateRequest, AnnotateResponse } from "./annotate.js";

/** Somebody who answers images:annotate. */
export interface Service {
  /** For people: "google-vision", "http://localhost:8080/v1/images:annotate". */
  readonly name: string;
  /** The key that is sent along. */
  readonly key?: string | undefined;
  /**
   * Sends one request.
   *
   * @throws WebError for what may pass; Refused for what the request is to blame for; StageError for what no request can help
   */
  annotate(requests: readonly AnnotateRequest[]): Promise<readonly AnnotateResponse[]>;
  close(): Promise<void>;
}

/** The service does not take this request: another may be taken. */
export class Refused extends Error {}

/** What to do about a service that lets nobody in. */
const HINTS: Readonly<Record<number, string>> = {
  401: "the key or the credentials are not valid here: look which variable `key_env` names, and what it holds",
  403: "the key or account may not use the service: is the API enabled, billing set up, the key not restricted to others?",
  404: "nothing answers there: look at the endpoint or URL",
};

/**
 * A failed answer as an error.
 *
 * @param body the answer's text: Google's JSON envelope, or whatever a proxy says
 */
export function failure(name: string, status: number, body: string, retryAfterMs?: number): Error {
  const said = envelope(body);
  const message = `${name} says ${status}: ${said.message}`;
  // Google says 400 to a wrong key.
  const isKey = said.reason.startsWith("API_KEY") || /api key/i.test(said.message);
  if (status === 401 || status === 403 || status === 404 || (status === 400 && isKey)) {
    return new StageError(message, { class: "teacher-refuses", hint: HINTS[isKey ? 401 : status]! });
  }
  if (status === 429 || status === 408 || status >= 500) {
    return new WebError(`http-${status}`, message, {
      transient: true,
      status,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }
  return new Refused(message);
}

function envelope(body: string): { readonly message: string; readonly reason: string } {
  const error = errorIn(body);
  if (!error) return { message: body.replace(/\s+/g, " ").slice(0, 300) || "nothing", reason: "" };
  const details = Array.isArray(error.details) ? error.details : [];
  const reasons = details.flatMap((detail: Json) =>
    isJsonObject(detail) && typeof detail.reason === "string" ? [detail.reason] : [],
  );
  return { message: String(error.message ?? error.status ?? "no reason given"), reason: reasons[0] ?? "" };
}

function errorIn(body: string) {
  try {
    const json = JSON.parse(body) as Json;
    // Some of Google's front ends wrap the envelope into a list.
    const outer = Array.isArray(json) ? (json[0] as Json) : json;
    return isJsonObject(outer) && isJsonObject(outer.error) ? outer.error : undefined;
  } catch {
    return undefined;
  }
}
