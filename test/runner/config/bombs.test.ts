import assert from "node:assert/strict";
import { test } from "node:test";
import { load, rigValidators, shown } from "./rig.js";

const HEAD = "version: 1\nname: p\n";
const STAGE = "stages: { any: { uses: any } }\n";
const times = (count: number, line: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => line(i));
const params = (lines: readonly string[]) => `${HEAD}params: { ${lines.join(", ")} }\n${STAGE}`;

/** Small files that would take all memory, all stack or all day if they were taken at their word. */
const BOMBS: readonly { name: string; text: string; says: RegExp }[] = [
  {
    name: "text that doubles with each reference",
    text: params(["a0: xxxxxxxxxx", ...times(60, (i) => `a${i + 1}: "\${params.a${i}}\${params.a${i}}"`)]),
    says: /the text grows beyond 65536 characters/,
  },
  {
    name: "lists that double with each reference",
    text: params(["a0: [1, 1]", ...times(60, (i) => `a${i + 1}: ["\${params.a${i}}", "\${params.a${i}}"]`)]),
    says: /references expand to more than 100000 values/,
  },
  {
    name: "a chain of 20,000 references, last first",
    text: params([...times(20_000, (i) => `a${i}: "\${params.a${i + 1}}"`), "a20000: 1"]),
    says: /references lead through too many params/,
  },
  {
    name: "mappings nested 20,000 deep",
    text: `${HEAD}params: ${"{a: ".repeat(20_000)}`,
    says: /nested too deeply/,
  },
  {
    name: "lists nested 100 deep",
    text: `${HEAD}params: { a: ${"[".repeat(100)}${"]".repeat(100)} }\n${STAGE}`,
    says: /values are nested more than 64 deep/,
  },
  {
    name: "a key given 20,000 times",
    text: `${HEAD}${"a: 1\n".repeat(20_000)}`,
    says: /"a" stands here a second time/,
  },
  {
    name: "10,000 stages that are fed by nobody there",
    text: `${HEAD}stages:\n${times(10_000, (i) => `  s${i}: { uses: any, inputs: { x: t${i} } }\n`).join("")}`,
    says: /there is no stage t0/,
  },
];

for (const { name, text, says } of BOMBS) {
  test(name, async () => {
    const outcome = await load(await rigValidators(), { files: { "pipeline.yaml": text } });
    assert.equal(outcome.ok, false);
    assert.match(shown(outcome), says);
  });
}

test("10,000 stages in a row, last first, are ordered", async () => {
  const lines = times(10_000, (i) => `  s${i}: { uses: any, inputs: { x: s${i + 1} } }\n`);
  const text = `${HEAD}stages:\n${lines.join("")}  s10000: { uses: any }\n`;
  const outcome = await load(await rigValidators(), { files: { "pipeline.yaml": text } });
  assert.ok(outcome.ok);
  assert.deepEqual([...outcome.pipeline.stages.keys()].slice(0, 3), ["s10000", "s9999", "s9998"]);
});
