import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { canonicalJson, type Json } from "../../../src/core/json.js";
import { topologicalOrder } from "../../../src/runner/config/graph.js";
import { formatProblems } from "../../../src/runner/config/problems.js";
import { temporaryFolder } from "../../rigs/folder.js";
import { load, rigValidators } from "./rig.js";

const folder = temporaryFolder();
const RUNS = { numRuns: 200, seed: 1 };
const keys = fc
  .string({ maxLength: 8 })
  .filter((key) => !["__proto__", "constructor", "prototype"].includes(key));
const json = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
    fc.string({ unit: "grapheme" }),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(keys, tie("value"), { maxKeys: 4, noNullPrototype: true }),
  ) as fc.Arbitrary<Json>,
})).value;

/** Text that is more often nearly a pipeline than noise is. */
const fragments = fc.constantFrom(
  ..."version: 1|name: p|stages:|params:|profiles:|extends: ./|  crawl:|    uses: crawl|    with: {|}|[|]|&a|*a|<<: *a".split(
    "|",
  ),
  ..."!!js x|---|...|\t|\r\n|\n|: |- |? |'|\"|${params.|${|$${|\0|\u2028|\ud800|%YAML 1.1|# x|| |>-|__proto__: 1".split(
    "|",
  ),
);
const nearYaml = fc
  .array(fc.oneof(fragments, fc.string({ maxLength: 4 })), { maxLength: 40 })
  .map((parts) => parts.join(""));

test("no text makes the loader throw; what it says can be shown", async () => {
  const validators = await rigValidators();
  await fc.assert(
    fc.asyncProperty(fc.oneof(nearYaml, fc.string({ unit: "binary" }), fc.uint8Array()), async (content) => {
      const outcome = await load(validators, { files: { "pipeline.yaml": content } }, folder);
      if (outcome.ok) return;
      assert.notEqual(outcome.problems.length, 0);
      const text = formatProblems(outcome.problems, { color: false });
      assert.doesNotMatch(text, /[^\P{Cc}\n]/u, "no character that a terminal would act on");
    }),
    RUNS,
  );
});

test("no override makes the loader throw", async () => {
  const validators = await rigValidators();
  const files = {
    "pipeline.yaml": "version: 1\nname: p\nparams: { a: 1 }\nstages: { any: { uses: any } }\n",
  };
  const targets = fc.constantFrom(
    "any.x",
    "params.a",
    "stages.any.with",
    "seed",
    "any.__proto__.x",
    "any.x.y",
  );
  const option = fc.tuple(targets, nearYaml).map(([target, value]) => `${target}=${value}`);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(option, fc.string()), { maxLength: 3 }), async (overrides) => {
      await load(validators, { files, overrides }, folder);
      assert.equal(({} as Record<string, unknown>).x, undefined);
    }),
    RUNS,
  );
});

test("any value goes through a reference unchanged", async () => {
  const validators = await rigValidators();
  await fc.assert(
    fc.asyncProperty(json, async (value) => {
      const escaped = JSON.parse(JSON.stringify(value).replaceAll("${", "$${")) as Json;
      const text = JSON.stringify({
        version: 1,
        name: "p",
        params: { value: escaped },
        // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference of ours
        stages: { any: { uses: "any", with: { value: "${params.value}" } } },
      });
      const outcome = await load(validators, { files: { "pipeline.yaml": text } }, folder);
      assert.ok(outcome.ok, JSON.stringify(outcome));
      assert.deepEqual(outcome.pipeline.stages.get("any")?.params.all, { value });
    }),
    RUNS,
  );
});

test("canonical JSON: read back it is equal, the order of keys does not matter, keys are sorted by code unit", () => {
  fc.assert(
    fc.property(json, (value) => {
      const text = canonicalJson(value);
      assert.equal(canonicalJson(JSON.parse(text) as Json), text);
      assert.equal(canonicalJson(reversed(value)), text);
      assert.deepEqual(JSON.parse(text), value);
    }),
    RUNS,
  );
  assert.equal(
    canonicalJson({ "\ufb33": 1, "\ud83d\ude00": 2, a: 3, A: 4 }),
    '{"A":4,"a":3,"\ud83d\ude00":2,"\ufb33":1}',
  );
  assert.equal(canonicalJson(JSON.parse('{"__proto__":{"x":1}}') as Json), '{"__proto__":{"x":1}}');
});

test("in a topological order each name comes after those it needs, and none is lost", () => {
  const graph = fc.integer({ min: 1, max: 12 }).chain((size) =>
    fc.array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1)), { maxLength: 20 }).map((pairs) => {
      const needs = new Map(Array.from({ length: size }, (_, i): [string, string[]] => [`s${i}`, []]));
      for (const [taker, giver] of pairs) if (giver !== taker) needs.get(`s${taker}`)!.push(`s${giver}`);
      return needs;
    }),
  );
  fc.assert(
    fc.property(graph, (needs) => {
      const { order, rest } = topologicalOrder(needs);
      assert.deepEqual([...order, ...rest].sort(), [...needs.keys()].sort());
      for (const [i, name] of order.entries()) {
        for (const need of needs.get(name)!) assert.ok(order.indexOf(need) < i && order.includes(need));
      }
      for (const name of rest) assert.ok(needs.get(name)!.some((need) => rest.includes(need)));
    }),
    RUNS,
  );
});

function reversed(value: Json): Json {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reversed(member)]),
  );
}
