import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Ajv, type ValidateFunction } from "ajv";
import { parse } from "yaml";
import { loadPipeline } from "../../../src/runner/config/load.js";
import { formatProblems } from "../../../src/runner/config/problems.js";
import { loadValidators } from "../../../src/runner/config/validators.js";
import { registry } from "../../../src/stages/registry.js";
import { schemas } from "../../../src/stages/schemas.js";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const PIPELINES = readdirSync(join(ROOT, "pipelines")).filter((name) => name.endsWith(".yaml"));

function editorValidator(): ValidateFunction {
  const schema = JSON.parse(readFileSync(join(ROOT, "schemas/pipeline.schema.json"), "utf8")) as object;
  return new Ajv({ strict: false, discriminator: false, allErrors: true }).compile(schema);
}

test("law: every stage kind has exactly one schema, and every schema a kind", async () => {
  assert.deepEqual(Object.keys(schemas).sort(), [...registry.kinds.keys()].sort());
  assert.deepEqual(Object.keys((await loadValidators()).kinds).sort(), [...registry.kinds.keys()].sort());
  for (const [name, kind] of registry.kinds) assert.equal(kind.name, name);
});

test("law: every param of every kind has a description", () => {
  const missing: string[] = [];
  const visit = (schema: Record<string, unknown>, path: string) => {
    for (const [key, property] of Object.entries((schema.properties ?? {}) as Record<string, object>)) {
      if (!("description" in property)) missing.push(`${path}.${key}`);
      visit(property as Record<string, unknown>, `${path}.${key}`);
    }
    for (const branch of (schema.oneOf ?? schema.anyOf ?? []) as Record<string, unknown>[])
      visit(branch, path);
  };
  for (const [name, schema] of Object.entries(schemas)) visit(schema as Record<string, unknown>, name);
  assert.deepEqual(missing, []);
});

test("law: the committed schemas are what the definitions give", () => {
  const check = spawnSync(process.execPath, [join(ROOT, "dist/tools/schemas.js"), "--check"], {
    encoding: "utf8",
  });
  assert.equal(check.status, 0, check.stderr);
});

test("loading a pipeline loads neither ajv nor typebox, nor what stages work with", () => {
  const hooks =
    "export async function load(url, context, next) { process._rawDebug(url); return next(url, context); }";
  const script = `
    import { register } from "node:module";
    register("data:text/javascript,${encodeURIComponent(hooks)}");
    const { loadPipeline } = await import("./dist/src/runner/config/load.js");
    const { registry } = await import("./dist/src/stages/registry.js");
    const options = { registry, profiles: [], overrides: [] };
    const { ok } = await loadPipeline("pipelines/vision-distill.yaml", options);
    process.exitCode = ok ? 0 : 1;`;
  const args = ["--input-type=module", "-e", script];
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: "utf8" });
  assert.equal(status, 0, stderr);
  const packages = new Set(
    [...stderr.matchAll(/node_modules\/((?:@[^/]+\/)?[^/]+)/g)].map((match) => match[1]),
  );
  assert.deepEqual([...packages], ["yaml"]);
});

for (const name of PIPELINES) {
  const file = join(ROOT, "pipelines", name);
  const profiles = Object.keys((parse(readFileSync(file, "utf8")) as { profiles?: object }).profiles ?? {});

  test(`${name} loads, with each of its profiles`, async () => {
    for (const applied of [[], ...profiles.map((profile) => [profile])]) {
      const outcome = await loadPipeline(file, { registry, profiles: applied, overrides: [] });
      assert.ok(outcome.ok, outcome.ok ? "" : formatProblems(outcome.problems, { color: false }));
    }
  });

  test(`${name} is right in an editor`, () => {
    const validate = editorValidator();
    assert.ok(validate(parse(readFileSync(file, "utf8"))), JSON.stringify(validate.errors, null, 1));
  });
}

test("the editor's schema knows each kind's params and inputs, and references", () => {
  const validate = editorValidator();
  const pipeline = (stage: object) => ({ version: 1, name: "p", stages: { stage } });
  const index = (params: object) => pipeline({ uses: "index", inputs: { labels: "x" }, with: params });
  assert.ok(validate(index({ top: 5 })));
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference of ours
  assert.ok(validate(index({ top: "${params.top}" })));
  assert.ok(validate(pipeline({ uses: "./mine.mjs", inputs: { a: "b.c" }, with: { anything: 1 } })));
  assert.ok(validate({ version: 1, extends: "other.yaml" }));
  const wrong = [
    index({ top: "five" }),
    index({ tpo: 5 }),
    pipeline({ uses: "index", inputs: { label: "x" } }),
    pipeline({ uses: "index" }),
    pipeline({ uses: "indx", inputs: { labels: "x" } }),
    { version: 1, name: "p" },
    { version: 2, name: "p", stages: {} },
  ];
  for (const file of wrong) assert.equal(validate(file), false, JSON.stringify(file));
});

test("what computes is named for fingerprints without loading it", () => {
  assert.match(registry.impl("sharp", {}), /^libvips \d+\.\d+\.\d+$/);
  assert.equal(registry.impl("engine", { engine: "wasm" }), "wasm");
});
