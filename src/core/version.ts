import { readFileSync } from "node:fs";

/** Pipestill's version, from its package.json (three folders above dist/src/core). */
export const VERSION: string = JSON.parse(
  readFileSync(new URL("../../../package.json", import.meta.url), "utf8"),
).version;
