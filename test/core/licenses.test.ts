import assert from "node:assert/strict";
import { test } from "node:test";
import { isListed, licenseName, readLicense } from "../../src/core/licenses.js";

function name(license: string | null, url: string | null = null): string | undefined {
  const found = readLicense(license, url);
  return found && licenseName(found);
}

test("what sources write becomes one name", () => {
  for (const written of ["CC BY-SA 4.0", "cc-by-sa-4.0", "CC-BY-SA-4.0", "BY-SA 4.0", "cc_by_sa v4.0"]) {
    assert.equal(name(written), "cc-by-sa-4.0", written);
  }
  assert.equal(
    name("Creative Commons Attribution-NonCommercial-NoDerivatives 4.0 International"),
    "cc-by-nc-nd-4.0",
  );
  assert.equal(name("Creative Commons Attribution-ShareAlike 3.0 Unported"), "cc-by-sa-3.0");
  assert.equal(name("by-nc"), "cc-by-nc");
  assert.equal(name("CC0-1.0"), "cc0-1.0");
  assert.equal(name("Creative Commons Zero"), "cc0");
  assert.equal(name("CC0 1.0 Universal"), "cc0-1.0");
  assert.equal(name("Public Domain Mark 1.0"), "pdm-1.0");
  assert.equal(name("Pixabay Content License"), "pixabay");
  assert.equal(name("All rights reserved"), "all-rights-reserved");
});

test("the address of a licence tells it where its name does not", () => {
  assert.equal(name(null, "https://creativecommons.org/licenses/by/2.0/jp/"), "cc-by-2.0");
  assert.equal(name("", "http://creativecommons.org/publicdomain/zero/1.0/"), "cc0-1.0");
  assert.equal(name("https://creativecommons.org/publicdomain/mark/1.0/"), "pdm-1.0");
  assert.equal(name("https://example.com/terms"), "https-example.com-terms");
});

test("the address adds the version of the licence that is named, and of no other", () => {
  assert.equal(name("BY", "https://creativecommons.org/licenses/by/4.0/"), "cc-by-4.0");
  assert.equal(name("CC BY 3.0", "https://creativecommons.org/licenses/by/4.0/"), "cc-by-3.0");
  assert.equal(name("CC BY-SA", "https://creativecommons.org/licenses/by/4.0/"), "cc-by-sa");
});

test("nothing said is no licence", () => {
  assert.equal(name(null), undefined);
  assert.equal(name(" - "), undefined);
  assert.equal(name(null, "https://example.com/terms"), undefined);
});

test("a name without a version stands for all of them, one with a version for that alone", () => {
  const license = readLicense("CC BY 4.0", null)!;
  assert.ok(isListed(license, ["cc0", "CC BY"]));
  assert.ok(isListed(license, ["cc-by-4.0"]));
  assert.ok(!isListed(license, ["cc-by-3.0"]));
  assert.ok(!isListed(license, ["cc-by-sa"]), "by-sa is another licence");
  assert.ok(!isListed(readLicense("cc-by", null)!, ["cc-by-4.0"]), "a version that is not told is not 4.0");
});
