import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import Type from "typebox";
import type { Kind, Registry } from "../../../src/contract/kind.js";
import { PipelineFile } from "../../../src/runner/config/file-schema.js";
import { loadPipeline } from "../../../src/runner/config/load.js";
import type { LoadOutcome } from "../../../src/runner/config/pipeline.js";
import { formatProblems } from "../../../src/runner/config/problems.js";
import type { Schema, Validators } from "../../../src/runner/config/validators.js";
import { plainSchema, validatorModules } from "../../../tools/validators.js";
import { temporaryFolder } from "../../rigs/folder.js";

const strict = { additionalProperties: false } as const;

/** Kinds of the tests' own: they stay as they are when the real ones change. */
const PARAMS = {
  crawl: Type.Object(
    {
      source: Type.Union(
        [
          Type.Object(
            {
              type: Type.Literal("synthetic"),
              count: Type.Integer({ minimum: 1, default: 10, pipeListing: true }),
              seed: Type.Integer({ default: 0 }),
            },
            strict,
          ),
          Type.Object(
            {
              type: Type.Literal("web"),
              url: Type.String({ minLength: 1, description: "Where it is." }),
              key_env: Type.Optional(Type.String({ pipeSecret: true, pipeNeutral: true })),
            },
            strict,
          ),
        ],
        { description: "Where pictures come from." },
      ),
    },
    strict,
  ),
  resize: Type.Object(
    {
      size: Type.Union([
        Type.Integer({ minimum: 1, maximum: 4096 }),
        Type.Object({ width: Type.Integer(), height: Type.Integer() }, strict),
      ]),
      fit: Type.Union([Type.Literal("cover"), Type.Literal("contain")], { default: "cover" }),
      background: Type.Array(Type.Integer(), { minItems: 3, maxItems: 3, default: [0, 0, 0] }),
      concurrency: Type.Integer({ default: 4, pipeNeutral: true }),
      sharpen: Type.Boolean({ default: false, pipeSince: "0.2.0" }),
    },
    strict,
  ),
  train: Type.Object(
    {
      dropout: Type.Number({
        minimum: 0,
        maximum: 1,
        default: 0.35,
        description: "Share of units left out.",
      }),
      epochs: Type.Integer({ minimum: 1, default: 3 }),
      holdout: Type.Optional(
        Type.Object(
          { count: Type.Optional(Type.Integer()), share: Type.Optional(Type.Number()) },
          { ...strict, minProperties: 1, maxProperties: 1 },
        ),
      ),
      weights: Type.Optional(
        Type.Union([
          Type.Literal("none"),
          Type.Object({ file: Type.String(), top: Type.Optional(Type.Boolean()) }, strict),
          Type.Object(
            { url: Type.String(), hash: Type.String(), top: Type.Optional(Type.Boolean()) },
            strict,
          ),
        ]),
      ),
      logging: Type.Object(
        { every: Type.Integer({ default: 10, pipeNeutral: true }), keep: Type.Boolean({ default: true }) },
        { ...strict, default: {} },
      ),
    },
    strict,
  ),
};

function kind(
  name: string,
  inputs: readonly string[],
  outputs: [string, ...string[]],
  more: Partial<Kind> = {},
): Kind {
  const [first, ...others] = outputs.map((output) => ({ name: output, summary: output }));
  return {
    name,
    version: 1,
    summary: name,
    inputs: Object.fromEntries(inputs.map((port) => [port, { summary: `the ${port}` }])),
    outputs: [first!, ...others],
    module: `test:${name}`,
    ...more,
  };
}

const KINDS = [
  kind("crawl", [], ["images", "failures"], {
    outputs: [
      { name: "images", summary: "images", holds: "images" },
      { name: "failures", summary: "failures", holds: "failures" },
    ],
  }),
  kind("resize", ["images"], ["images", "failures"], {
    inputs: { images: { summary: "the images", holds: "images" } },
  }),
  kind("train", ["data"], ["model"]),
  kind("any", [], ["out"], { anyInputs: true }),
];

export const registry: Registry = {
  kinds: new Map(KINDS.map((entry) => [entry.name, entry])),
  module: (path) => kind("module", [], ["out"], { anyInputs: true, module: pathToFileURL(path).href }),
  impl: (name) => name,
};

let validators: Promise<Validators> | undefined;

/** The generated validators for the kinds above, made as the build makes them. */
export function rigValidators(): Promise<Validators> {
  validators ??= makeValidators();
  return validators;
}

async function makeValidators(): Promise<Validators> {
  const params = new Map<string, Schema>(
    Object.entries(PARAMS).map(([name, schema]) => [name, plainSchema(schema)]),
  );
  const folder = temporaryFolder();
  const modules = [...validatorModules(plainSchema(PipelineFile), params)];
  writeFiles({ "package.json": '{"type":"module"}', ...Object.fromEntries(modules) }, folder);
  return (await import(pathToFileURL(join(folder, "index.js")).href)) as Validators;
}

export interface LoadRequest {
  /** Files by name; pipeline.yaml is the one that is loaded. */
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  readonly profiles?: readonly string[];
  readonly overrides?: readonly string[];
}

function writeFiles(files: LoadRequest["files"], folder: string): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
}

/** Writes the files into a folder, a fresh one unless given, and loads pipeline.yaml there. */
export async function load(
  validators: Validators,
  request: LoadRequest,
  folder = temporaryFolder(),
): Promise<LoadOutcome & { folder: string }> {
  writeFiles(request.files, folder);
  const outcome = await loadPipeline(join(folder, "pipeline.yaml"), {
    registry,
    validators,
    profiles: request.profiles ?? [],
    overrides: request.overrides ?? [],
  });
  return { ...outcome, folder };
}

/** What `pipe validate` would print, with the temporary folder's name taken out. */
export function shown(outcome: LoadOutcome & { folder: string }): string {
  if (outcome.ok) return "no problems";
  return formatProblems(outcome.problems, { color: false }).replaceAll(`${outcome.folder}/`, "");
}

export interface ProblemCase extends LoadRequest {
  readonly name: string;
  /** The whole of what is printed. */
  readonly expected: string;
}

/** One test for each mistake in a pipeline file: what is printed is compared to the letter. */
export function testProblems(cases: readonly ProblemCase[]): void {
  for (const { name, expected, ...request } of cases) {
    test(name, async () => {
      assert.equal(shown(await load(await rigValidators(), request)), expected);
    });
  }
}
