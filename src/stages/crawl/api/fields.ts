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

/** An API's address with parameters, in their order. */
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

/** The parameters that are given. */
export function parametersOf(
  params: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(params).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
