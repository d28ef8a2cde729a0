// Bundles dist/src into dist/bundle, which is what `pipe` and its stage hosts run: Node then opens a few files in place of
// hundreds at each start. Every file that is loaded by its URL keeps its path; what several need is in chunks/.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const root = fileURLToPath(new URL("../", import.meta.url));
const SRC = join(root, "dist/src");
const OUT = join(root, "dist/bundle");
/** Since when which files of OUT are of no use to who starts now. */
const LEFT_OVER = join(root, "dist/.left-over.json");
/** Started or imported by name; all others by a `new URL("….js", import.meta.url)` in some module. */
const STARTED = ["cli/main.js", "contract/stage.js", "host/main.js"];
/** Packages that nearly every run loads, of many small files. All others are loaded from node_modules, by who needs them. */
const INLINED = ["@duckdb/node-api", "commander", "fast-glob", "image-size", "yaml"];
const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const DEPENDENCIES = Object.keys({ ...dependencies, ...optionalDependencies }).filter(
  (name) => !INLINED.includes(name),
);
/** What these import at once is in one chunk, unless an earlier one holds it: those nearly always need all of it. */
const TOGETHER = [
  ["host", "host/main.js"],
  ["cli", "cli/main.js"],
  ["run", "cli/run.js", "runner/store/store.js"],
  [
    "items",
    "runner/plan/source-diff.js",
    "runner/execute/heal.js",
    "runner/execute/item-stage.js",
    "runner/store/harvest.js",
    "runner/store/compact.js",
  ],
];
/** The chunk of each module that is in one of those. */
const groups = new Map();
/** A process that was started before a build still loads chunks of the old one. A package holds none of those. */
const KEPT_MS = process.argv.includes("--for-package") ? 0 : 3_600_000;

const bundle = await rolldown({
  input: Object.fromEntries(entries().map((path) => [path.replace(/\.js$/, ""), join(SRC, path)])),
  platform: "node",
  external: (id) => DEPENDENCIES.some((name) => id === name || id.startsWith(`${name}/`)),
  // Some modules are imported at once by one and later by another.
  checks: { ineffectiveDynamicImport: false },
  plugins: [{ name: "bundle", transform: markPlaces, buildEnd: groupModules, renderChunk: fillInPlaces }],
});
const { output } = await bundle.generate({
  format: "esm",
  codeSplitting: { groups: TOGETHER.map(([name]) => ({ name, test: (id) => groups.get(id) === name })) },
  entryFileNames: "[name].js",
  chunkFileNames: "chunks/[name]-[hash].js",
});
const files = new Map(output.map(({ fileName, code }) => [fileName, code]));
files.set("LICENSES.txt", licenses(output.flatMap(({ moduleIds }) => moduleIds)));
for (const [name, text] of files) write(join(OUT, name), text);
removeLeftOver();

/** Counts the time of a file that is left over from when it was first seen to be: its own says when it was made. */
function removeLeftOver() {
  const before = existsSync(LEFT_OVER) ? JSON.parse(readFileSync(LEFT_OVER, "utf8")) : {};
  const left = {};
  for (const name of readdirSync(OUT, { recursive: true })) {
    if (files.has(name) || !statSync(join(OUT, name), { throwIfNoEntry: false })?.isFile()) continue;
    const since = before[name] ?? Date.now();
    if (Date.now() - since >= KEPT_MS) rmSync(join(OUT, name), { force: true });
    else left[name] = since;
  }
  write(LEFT_OVER, JSON.stringify(left));
}

/** Paths below dist/src of all that is loaded by its URL. */
function entries() {
  const found = new Set(STARTED);
  for (const path of readdirSync(SRC, { recursive: true })) {
    // A module whose source is gone stays behind in dist/.
    if (!path.endsWith(".js") || !existsSync(join(root, "src", path.replace(/js$/, "ts")))) continue;
    const text = readFileSync(join(SRC, path), "utf8");
    for (const [, target] of text.matchAll(/\b(?:new URL|urlOf)\("(\.[^"]+\.js)"/g))
      found.add(join(dirname(path), target));
  }
  return [...found].sort();
}

/** Files that are started stand by themselves: whoever imports a chunk starts nothing. */
function groupModules() {
  const started = new Set(entries().map((path) => join(SRC, path)));
  const visit = (name, id) => {
    if (groups.has(id) || started.has(id)) return;
    groups.set(id, name);
    for (const imported of this.getModuleInfo(id)?.importedIds ?? []) visit(name, imported);
  };
  for (const [name, ...paths] of TOGETHER) {
    for (const path of paths) {
      const id = join(SRC, path);
      visit(name, id);
      for (const imported of this.getModuleInfo(id)?.importedIds ?? []) visit(name, imported);
    }
  }
}

function isPackage(path) {
  return path.includes("/node_modules/");
}

/** What a module of ours names relative to itself stands where it would if the module were a file in the bundle. */
function markPlaces(code, id) {
  if (isPackage(id) || !code.includes("import.meta.url")) return null;
  return code
    .replace(/\bcreateRequire\(import\.meta\.url\)\("([^"]+)"\)/g, (text, name) =>
      INLINED.includes(name) ? `(await import("${name}")).default` : text,
    )
    .replace(/, import\.meta\.url\)/g, `, __placeOf(${JSON.stringify(relative(SRC, id))}))`);
}

function fillInPlaces(code, { fileName }) {
  return code.replace(/\b__placeOf\("([^"]+)"\)/g, (_, path) => {
    const place = relative(dirname(fileName), path);
    return `new URL(${JSON.stringify(place.startsWith(".") ? place : `./${place}`)}, import.meta.url).href`;
  });
}

/** The licences of the packages that modules are from, which ask to be told with every copy. */
function licenses(modules) {
  const folders = modules.flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id) ?? []);
  const texts = [...new Set(folders)].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
    return `${name} ${version} (${license})\n\n${file ? readFileSync(join(folder, file), "utf8") : ""}`;
  });
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}

/** Replaces a file at once, and only by other text: processes may be starting from it. */
function write(path, text) {
  if (existsSync(path) && readFileSync(path, "utf8") === text) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.${process.pid}`, text);
  renameSync(`${path}.${process.pid}`, path);
}
