import type { Json } from "../../core/json.js";
import type { Place } from "./source.js";

/**
 * A pipeline's values, each knowing where it was written. Trees are never changed: merging and interpolation build
 * new ones, so a value may be shared. `size` counts values as if nothing were shared: what plain JSON would hold.
 */
export type Value = Scalar | MapValue | ListValue;

export interface Scalar {
  readonly kind: "scalar";
  readonly at: Place;
  readonly size: number;
  readonly value: null | boolean | number | string;
  /** A problem with it was reported already: nothing more is said about it. */
  readonly broken?: true;
  readonly from?: Origin;
}

export interface MapValue {
  readonly kind: "map";
  readonly at: Place;
  readonly size: number;
  readonly entries: ReadonlyMap<string, Entry>;
  readonly from?: Origin;
}

export interface ListValue {
  readonly kind: "list";
  readonly at: Place;
  readonly size: number;
  readonly items: readonly Value[];
  readonly from?: Origin;
}

export interface Entry {
  /** Where the key stands. */
  readonly key: Place;
  readonly value: Value;
}

/** The param that an interpolated value came from. */
interface Origin {
  readonly name: string;
  readonly at: Place;
}

/** More values than any pipeline needs; fewer than what an alias bomb makes. */
export const MAX_VALUES = 100_000;

export function scalar(at: Place, value: Scalar["value"]): Scalar {
  return { kind: "scalar", at, size: 1, value };
}

/** Stands where a value could not be made. */
export function broken(at: Place): Scalar {
  return { kind: "scalar", at, size: 1, value: null, broken: true };
}

export function mapValue(at: Place, entries: ReadonlyMap<string, Entry>): MapValue {
  let size = 1;
  for (const entry of entries.values()) size += entry.value.size;
  return { kind: "map", at, size, entries };
}

export function listValue(at: Place, items: readonly Value[]): ListValue {
  let size = 1;
  for (const item of items) size += item.size;
  return { kind: "list", at, size, items };
}

/** The entries of a map; none for anything else. */
export function entriesOf(value: Value | undefined): ReadonlyMap<string, Entry> {
  return value?.kind === "map" ? value.entries : new Map();
}

/** The value under a key or list index. */
export function child(value: Value | undefined, key: string): Value | undefined {
  if (value?.kind === "map") return value.entries.get(key)?.value;
  if (value?.kind === "list" && /^\d+$/.test(key)) return value.items[Number(key)];
  return undefined;
}

/** The place of the deepest value on a path that exists; the key's place, where it stands in a map. */
export function placeOf(root: Value, path: readonly string[]): Place {
  let place = root.at;
  let value: Value | undefined = root;
  for (const key of path) {
    const entry: Entry | undefined = entriesOf(value).get(key);
    value = child(value, key);
    if (!value) break;
    place = entry?.key ?? value.at;
  }
  return place;
}

/** As plain JSON. */
export function toJson(value: Value): Json {
  if (value.kind === "scalar") return value.value;
  if (value.kind === "list") return value.items.map(toJson);
  const object: Record<string, Json> = {};
  for (const [key, entry] of value.entries) object[key] = toJson(entry.value);
  return object;
}
