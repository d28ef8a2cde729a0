// Writes docs/reference/cli.md from the command line's own help; test/cli/reference.test.ts watches for drift.
import { writeFileSync } from "node:fs";
import { cliReference } from "../src/cli/reference.js";

writeFileSync(new URL("../../docs/reference/cli.md", import.meta.url), await cliReference());
