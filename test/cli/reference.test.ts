import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { cliReference } from "../../src/cli/reference.js";

test("docs/reference/cli.md is what the command line's help says", async () => {
  const committed = readFileSync(new URL("../../../docs/reference/cli.md", import.meta.url), "utf8");
  assert.equal(committed, await cliReference(), "run: npm run build && node dist/tools/cli-reference.js");
});
