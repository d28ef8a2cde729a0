import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const NAME = "@tensorflow/tfjs-node-gpu";
const require = createRequire(import.meta.url);

/** The npm package that talks to libtensorflow. Its own installer need not have run. */
export interface NodePackage {
  readonly folder: string;
  readonly version: string;
}

/** The package, where npm could install it: it is an optional dependency. */
export function nodePackage(): NodePackage | undefined {
  try {
    const file = require.resolve(`${NAME}/package.json`);
    const { version } = JSON.parse(readFileSync(file, "utf8")) as { version: string };
    return { folder: dirname(file), version };
  } catch {
    return undefined;
  }
}

/** Loads one of the package's modules, `dist/<name>`. Its main module would look for bindings of its own. */
export function requireFromPackage(name: string): unknown {
  return require(join(NAME, "dist", name));
}

/** Loads compiled bindings. @throws the loader's error. */
export function requireBindings(path: string): unknown {
  return require(path);
}
