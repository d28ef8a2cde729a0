/**
 * Generates what comes from the TypeBox definitions: the validators in dist/, and the JSON Schemas in schemas/.
 * `--validators` makes the first alone (the build), `--check` compares the second with what is committed.
 */
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { writeFileAtomic } from "../src/core/files.js";
import { PartialStage, PipelineFile } from "../src/runner/config/file-schema.js";
import type { Schema } from "../src/runner/config/validators.js";
import { RunRecord } from "../src/runner/lineage/record.js";
import { registry } from "../src/stages/registry.js";
import { schemas } from "../src/stages/schemas.js";
import { editorSchema, kindSchema } from "./editor-schema.js";
import { plainSchema, validatorModules } from "./validators.js";

const DIST = join(dirname(fileURLToPath(import.meta.url)), "..");
const ROOT = join(DIST, "..");

/** The params of each kind in the registry's order. @throws unless kinds and schemas match one to one. */
function paramsByKind(): Map<string, Schema> {
  const unknown = Object.keys(schemas).filter((name) => !registry.kinds.has(name));
  if (unknown.length > 0) throw new Error(`src/stages/schemas.ts names no kind: ${unknown.join(", ")}`);
  return new Map(
    [...registry.kinds.keys()].map((name) => {
      const definition = schemas[name];
      if (!definition) throw new Error(`src/stages/schemas.ts lacks the kind ${name}`);
      return [name, plainSchema(definition)];
    }),
  );
}

function committedSchemas(params: ReadonlyMap<string, Schema>): Map<string, string> {
  const text = (schema: object) => `${JSON.stringify(schema, null, 2)}\n`;
  const pipeline = plainSchema(PipelineFile);
  const partialStage = plainSchema(PartialStage);
  const files = new Map([
    ["pipeline.schema.json", text(editorSchema({ pipeline, partialStage, kinds: registry.kinds, params }))],
    [
      "run-record.schema.json",
      text({ $schema: "http://json-schema.org/draft-07/schema#", ...plainSchema(RunRecord) }),
    ],
  ]);
  for (const [name, schema] of params) {
    files.set(`kinds/${name}.schema.json`, text(kindSchema(registry.kinds.get(name)!, schema)));
  }
  return files;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function write(path: string, text: string): void {
  if (read(path) === text) return;
  // A pipeline may be loading in another process while this one builds.
  writeFileAtomic(path, text);
  process.stderr.write(`wrote ${relative(ROOT, path)}\n`);
}

/** Files in schemas/ that nothing generates any more. */
function leftOver(files: ReadonlyMap<string, string>): string[] {
  const present = readdirSync(join(ROOT, "schemas"), { recursive: true, encoding: "utf8" });
  return present.filter((name) => name.endsWith(".schema.json") && !files.has(name)).sort();
}

function check(files: ReadonlyMap<string, string>): number {
  const differing = [...files].filter(([name, text]) => read(join(ROOT, "schemas", name)) !== text);
  const names = [...differing.map(([name]) => name), ...leftOver(files)];
  if (names.length === 0) return 0;
  for (const name of names) process.stderr.write(`schemas/${name} is not what the definitions give\n`);
  process.stderr.write("run: npm run schemas\n");
  return 1;
}

const [mode] = process.argv.slice(2);
const params = paramsByKind();
if (mode === "--check") {
  process.exitCode = check(committedSchemas(params));
} else {
  const modules = validatorModules(plainSchema(PipelineFile), params);
  const generated = join(DIST, "src", "runner", "config", "generated");
  for (const [name, text] of modules) write(join(generated, name), text);
  if (mode !== "--validators") {
    const files = committedSchemas(params);
    for (const [name, text] of files) write(join(ROOT, "schemas", name), text);
    for (const name of leftOver(files)) rmSync(join(ROOT, "schemas", name));
  }
}
