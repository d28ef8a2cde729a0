import type { Json } from "../../core/json.js";
import { type IdRange, unionOf } from "../../core/tables/parts.js";
import { unitSums } from "./plan.js";

/**
 * What the ids begin with in those units of a source whose items differ between two identities, ascending; undefined where
 * the identities do not tell.
 */
export function differingUnits(was: Json | undefined, is: Json | undefined): readonly string[] | undefined {
  const [old, now] = [unitSums(was), unitSums(is)];
  if (!old || !now) return undefined;
  const beginnings = new Set([...Object.keys(old), ...Object.keys(now)]);
  return [...beginnings].filter((beginning) => old[beginning] !== now[beginning]).sort();
}

/** The ids of units, adjacent units as one range. @param beginnings hexadecimal, of one length */
export function unitRanges(beginnings: readonly string[]): readonly IdRange[] {
  return unionOf(
    beginnings.map((from) => {
      const next = (Number.parseInt(from, 16) + 1).toString(16).padStart(from.length, "0");
      return { from, to: next.length > from.length ? undefined : next };
    }),
  );
}
