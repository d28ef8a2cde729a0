import assert from "node:assert/strict";
import { test } from "node:test";
import { Slots } from "../../../src/stages/index/slots.js";

/** Positions of tags given from the most frequent to the rarest. */
function place(tags: readonly string[]): ReadonlyMap<string, number> {
  const slots = new Slots(tags.length);
  return new Map(tags.map((tag) => [tag, slots.take(tag)]));
}

const name = (i: number) => `tag ${String(i).padStart(4, "0")}`;
const TAGS = Array.from({ length: 2000 }, (_, i) => name(i));

/** The ranks of the tags of `a` that stand elsewhere in `b`. */
const moved = (a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>) =>
  TAGS.flatMap((tag, rank) => (b.has(tag) && a.get(tag) !== b.get(tag) ? [rank] : []));

test("each of the tags has a unit of its own, as the rule says", () => {
  const places = place(TAGS);
  assert.equal(new Set(places.values()).size, 2000);
  assert.equal(Math.max(...places.values()), 1999);
  // The same rule in Python (hashlib).
  assert.deepEqual(
    [0, 1, 2, 1998, 1999].map((i) => places.get(name(i))),
    [1883, 1762, 251, 470, 1562],
  );
});

test("a new tag, or one for another, moves a handful of tags, hardly a frequent one", () => {
  const before = place(TAGS);
  // The ranks that moved, from the rule in Python.
  assert.deepEqual(moved(before, place([...TAGS, "new"])), [704, 1813, 1913, 1972, 1983, 1986, 1992, 1999]);
  const exchanged = [...TAGS.filter((_, i) => i !== 1500), "new"];
  assert.deepEqual(moved(before, place(exchanged)), [1688, 1917, 1989, 1995, 1997, 1999]);
  // The rarest gives its unit to the one that comes for it.
  const last = place([...TAGS.slice(0, -1), "new"]);
  assert.deepEqual(moved(before, last), []);
  assert.equal(last.get("new"), before.get(name(1999)));
});

test("more tags than units are refused", () => {
  const slots = new Slots(1);
  assert.equal(slots.take("a"), 0);
  assert.throws(() => slots.take("b"), /no unit is left for the tag b/);
});
