const UNITS = { k: 1e3, M: 1e6, G: 1e9, T: 1e12 } as const;

/** The pattern of a size in a pipeline file: a number and a unit of the metric system, "20GB", "500 MB". */
export const SIZE = "^\\d+(\\.\\d+)? ?[kMGT]?B$";

/** The bytes of a size, "20GB" or a plain number. */
export function bytesOf(size: number | string): number {
  if (typeof size === "number") return size;
  const unit = UNITS[size.at(-2) as keyof typeof UNITS] ?? 1;
  return Math.floor(Number.parseFloat(size) * unit);
}
