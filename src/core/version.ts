import { readFileSync } from "node:fs";

/** package.json, three folders above dist/src/core. */
const { version, engines } = JSON.parse(
  readFileSync(new URL("../../../package.json", import.meta.url), "utf8"),
) as { readonly version: string; readonly engines: { readonly node: string } };

/** Pipestill's version. */
export const VERSION: string = version;

/** The oldest Node that pipestill runs on. */
export const NODE_FLOOR: string = engines.node.replace(">=", "");
