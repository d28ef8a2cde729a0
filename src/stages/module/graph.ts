import { existsSync, readFileSync, statSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { init, parse } from "es-module-lexer";
import { StageError } from "../../contract/stage.js";
import type { Json } from "../../core/json.js";

/** Files whose imports are followed; others (JSON, wasm, CommonJS) count by their bytes alone. */
const ES_MODULE = /\.(mjs|js|mts|ts)$/;

/**
 * All that a module brings in from this project, each by name: the sha256 of every file reached by a static `import`,
 * `export … from` or `import("literal")` of a relative path or file: URL, named relative to the entry; and the
 * version of every package imported. What `require` or a computed `import()` loads is not seen: name such files in an
 * `exec` stage's `deps` instead.
 *
 * @throws StageError for a file that is missing or has a syntax error
 */
export async function importGraph(
  entry: string,
  hashFile: (path: string) => Promise<string>,
): Promise<Record<string, Json>> {
  await init;
  const found: Record<string, Json> = {};
  const queue: { path: string; from: string | undefined }[] = [{ path: entry, from: undefined }];
  const seen = new Set([entry]);
  for (let next = queue.shift(); next; next = queue.shift()) {
    const { path, from } = next;
    if (!existsSync(path) || !statSync(path).isFile()) {
      throw new StageError(
        from === undefined ? `there is no module ${path}` : `${from} imports ${path}, which is not there`,
      );
    }
    found[name(entry, path)] = await hashFile(path);
    for (const specifier of ES_MODULE.test(path) ? specifiers(path) : []) {
      if (/^(\.{1,2}\/|file:|\/)/.test(specifier)) {
        const target = local(specifier, path);
        if (!seen.has(target)) queue.push({ path: target, from: path });
        seen.add(target);
      } else if (!isBuiltin(specifier) && !specifier.startsWith("data:")) {
        found[`package:${specifier}`] = packageVersion(specifier, dirname(path));
      }
    }
  }
  return found;
}

function name(entry: string, path: string): string {
  return relative(dirname(entry), path).split(sep).join("/");
}

function local(specifier: string, importer: string): string {
  if (specifier.startsWith("file:")) return fileURLToPath(specifier);
  return resolve(dirname(importer), decodeURIComponent(specifier.replace(/[?#].*$/, "")));
}

/** The literal module specifiers of a file. */
function specifiers(path: string): string[] {
  try {
    const [imports] = parse(readFileSync(path, "utf8"), path);
    const found: string[] = [];
    for (const item of imports) {
      if ("specifier" in item && typeof item.specifier === "string" && !("glob" in item && item.glob)) {
        found.push(item.specifier);
      }
    }
    return found;
  } catch (error) {
    throw new StageError(`${path} has a syntax error: ${(error as Error).message}`, {
      hint: `node --check ${path} shows the place`,
    });
  }
}

/** The version in the nearest node_modules, or null where the package is not installed. */
function packageVersion(specifier: string, from: string): string | null {
  const parts = specifier.split("/");
  const packageName = specifier.startsWith("@") ? parts.slice(0, 2).join("/") : parts[0]!;
  for (let folder = from; ; folder = dirname(folder)) {
    const manifest = join(folder, "node_modules", packageName, "package.json");
    if (existsSync(manifest)) {
      return String((JSON.parse(readFileSync(manifest, "utf8")) as { version?: string }).version);
    }
    if (dirname(folder) === folder) return null;
  }
}
