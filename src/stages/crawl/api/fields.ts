import { isJsonObject, type Json, type JsonObject } from "../../../core/json.js";

/** A field of an API's answer as text; null where it is none, or empty. */
export function text(value: Json | undefined): string | null {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value !== "" ? value : null;
}

/** The objects of a list; what is none is left out. */
export function objects(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? (value as readonly Json[]).filter(isJsonObject) : [];
}

/** An API's address with the parameters that are given, in their order. */
export function address(
  endpoint: string,
  params: Readonly<Record<string, string | number | undefined>>,
): string {
  const url = new URL(endpoint);
  for (const [name, value] of Object.entries(params)) {
    if (value !== undefined && value !== "") url.searchParams.set(name, String(value));
  }
  return url.href;
}
