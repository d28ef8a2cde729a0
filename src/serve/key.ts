import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { ServeError } from "./status.js";

const digest = (text: string) => createHash("sha256").update(text).digest();

/**
 * Checks a request's key: `?key=`, `x-goog-api-key` or a bearer token, as Google's clients send it.
 *
 * @throws ServeError for none, or another
 */
export function checkKey(
  expected: string,
  { headers, key }: { readonly headers: IncomingHttpHeaders; readonly key: unknown },
): void {
  const [, bearer] = /^Bearer (.+)$/i.exec(headers.authorization ?? "") ?? [];
  const given = bearer ?? headers["x-goog-api-key"] ?? key;
  if (typeof given !== "string" || given === "") {
    throw new ServeError(
      "UNAUTHENTICATED",
      "This server asks for a key: ?key=, x-goog-api-key or a bearer token.",
    );
  }
  // Digests are of one length, and comparing them takes the same time wherever they differ.
  if (!timingSafeEqual(digest(given), digest(expected))) {
    throw new ServeError("PERMISSION_DENIED", "API key not valid.");
  }
}
