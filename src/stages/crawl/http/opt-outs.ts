import type { Headers } from "../../../core/net/client.js";
import { WebError } from "../../../core/net/web-error.js";

/** Directives of X-Robots-Tag that say a picture is not for collections like ours (img2dataset keeps to the same). */
const REFUSING = ["noai", "noimageai", "noindex", "noimageindex", "none"];

/**
 * Refuses an answer whose headers reserve its use: X-Robots-Tag, as far as it speaks to everybody or to us, and the
 * `tdm-reservation` header of the W3C's TDM Reservation Protocol.
 *
 * @throws WebError
 */
export function checkOptOuts(headers: Headers, bot: string): void {
  const directive = refusingDirective(headers["x-robots-tag"] ?? "", bot);
  if (directive !== undefined) throw new WebError("robots-tag", `its X-Robots-Tag says ${directive}`);
  if (headers["tdm-reservation"]?.trim() === "1")
    throw new WebError("tdm-reservation", "its use for text and data mining is reserved");
}

/** `googlebot: noindex, noai` speaks to googlebot alone, until another name stands before a directive. */
function refusingDirective(header: string, bot: string): string | undefined {
  let meant = true;
  for (const part of header.split(",")) {
    const [, name, directive = ""] = /^(?:([^:]*):)?(.*)$/s.exec(part.trim()) ?? [];
    // The only directive with a colon of its own.
    if (name !== undefined && name.trim().toLowerCase() !== "unavailable_after") meant = isUs(name, bot);
    const word = directive.trim().toLowerCase();
    if (meant && REFUSING.includes(word)) return word;
  }
  return undefined;
}

function isUs(name: string, bot: string): boolean {
  return ["*", "", bot].includes(name.trim().toLowerCase());
}
