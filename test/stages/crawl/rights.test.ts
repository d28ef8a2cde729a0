import assert from "node:assert/strict";
import { test } from "node:test";
import type { ListedItem } from "../../../src/contract/kind.js";
import { byRights } from "../../../src/stages/crawl/rights.js";
import type { Rights } from "../../../src/stages/crawl/schema.js";

const LICENSES = { a: "CC BY 4.0", b: "CC0-1.0", c: "Pixabay Content License", d: null };

/** The ids that stay, and the classes of those that do not. */
async function fates(rights: Rights | undefined): Promise<Record<string, string>> {
  async function* items(): AsyncGenerator<ListedItem> {
    for (const [id, license] of Object.entries(LICENSES)) {
      yield { id, input: id, locator: id, columns: { license, license_url: null } };
    }
    yield {
      id: "e",
      input: "e",
      locator: "e",
      columns: {},
      refused: { class: "bad-line", detail: "line 7" },
    };
  }
  const found: Record<string, string> = {};
  for await (const { id, refused } of byRights(items(), rights)) found[id] = refused?.class ?? "taken";
  return found;
}

test("without `rights` all are taken; what the source refused stays refused", async () => {
  assert.deepEqual(await fates(undefined), { a: "taken", b: "taken", c: "taken", d: "taken", e: "bad-line" });
});

test("`allow` takes what it names, `deny` all else, and `unknown` decides alone where nothing is told", async () => {
  assert.deepEqual(await fates({ allow: ["cc-by", "cc0"], unknown: "drop" }), {
    a: "taken",
    b: "taken",
    c: "license-not-allowed",
    d: "license-unknown",
    e: "bad-line",
  });
  assert.deepEqual(await fates({ deny: ["pixabay"], unknown: "keep" }), {
    a: "taken",
    b: "taken",
    c: "license-denied",
    d: "taken",
    e: "bad-line",
  });
  const both = await fates({ allow: ["cc-by", "cc0"], deny: ["cc0"], unknown: "keep" });
  assert.equal(both.b, "license-denied", "what is denied is not taken although it is allowed");
});
