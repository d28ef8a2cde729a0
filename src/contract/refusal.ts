import type { JsonObject } from "../core/json.js";

/** What a kind may look at to say that a stage had better not begin. */
export interface RefusalContext {
  readonly with: JsonObject;
  /** What computes it, by impl name. */
  readonly impl: Readonly<Record<string, string>>;
  /** The params of the nearest stage of a kind among those that this one depends on. */
  upstream(kind: string): JsonObject | undefined;
}

/** Why a stage is not begun, and what to do about it. */
export interface Refusal {
  readonly message: string;
  readonly hint: string;
}

/** A secret that a stage cannot do its work without. */
export interface SecretNeed {
  /** The environment variable that holds it. */
  readonly variable: string;
  /** What else would do, for people: "or set GOOGLE_APPLICATION_CREDENTIALS". */
  readonly instead?: string;
}
