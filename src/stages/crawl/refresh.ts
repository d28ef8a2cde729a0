import type { Json } from "../../core/json.js";

const MILLISECONDS: Readonly<Record<string, number>> = { m: 60e3, h: 3600e3, d: 86400e3, w: 7 * 86400e3 };

/** The age in milliseconds that `refresh` lets a result have; undefined: any. */
export function refreshAfter(refresh: Json | undefined): number | undefined {
  if (refresh === undefined || refresh === "never") return undefined;
  if (refresh === "always") return 0;
  const text = String(refresh);
  return Number(text.slice(0, -1)) * (MILLISECONDS[text.slice(-1)] as number);
}
