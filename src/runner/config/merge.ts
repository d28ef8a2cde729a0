import { child, type Entry, mapValue, type Value } from "./tree.js";

/**
 * Lays one value over another: mappings are merged key by key, all else (lists too) is replaced. A mapping whose
 * `type` changes is replaced as a whole: the old type's settings mean nothing to the new one. For the same reason a
 * stage whose `uses` changes loses its `with`. A null takes a key away, as in JSON merge patch (RFC 7396).
 */
export function mergeValues(below: Value | undefined, above: Value): Value {
  if (below?.kind !== "map" || above.kind !== "map" || changes("type", below, above)) return above;
  const entries = new Map<string, Entry>(below.entries);
  if (changes("uses", below, above)) entries.delete("with");
  for (const [key, entry] of above.entries) {
    const old = entries.get(key);
    if (old && entry.value.kind === "scalar" && entry.value.value === null && !entry.value.broken) {
      entries.delete(key);
      continue;
    }
    const value = mergeValues(old?.value, entry.value);
    // What was merged still stands where it began; what was replaced stands where the new value is.
    entries.set(key, { key: old && value !== entry.value ? old.key : entry.key, value });
  }
  return mapValue(below.at, entries);
}

function changes(key: string, below: Value, above: Value): boolean {
  const [old, now] = [child(below, key), child(above, key)];
  return old?.kind === "scalar" && now?.kind === "scalar" && old.value !== now.value;
}
