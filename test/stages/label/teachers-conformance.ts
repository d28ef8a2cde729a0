import assert from "node:assert/strict";
import { test } from "node:test";
import type { Item } from "../../../src/contract/stage.js";
import { sha256 } from "../../../src/core/hash.js";
import type { JsonObject } from "../../../src/core/json.js";
import { drawScene } from "../../../src/stages/crawl/sources/synthetic/scene.js";
import type { Answer } from "../../../src/stages/label/teacher.js";
import { teacherNamed } from "../../../src/stages/label/teachers.js";
import { rigContext } from "../../rigs/context.js";
import { drawing } from "../../rigs/drawing.js";

async function scenes(count: number): Promise<Buffer[]> {
  return Promise.all(
    Array.from({ length: count }, (_, index) =>
      drawing(drawScene(21, index, 64).svg)
        .removeAlpha()
        .png()
        .toBuffer(),
    ),
  );
}

/** Asks a freshly opened teacher about pictures, in requests of its own size. */
async function ask(teacher: JsonObject, pictures: readonly Buffer[]): Promise<Answer[]> {
  const session = await teacherNamed(String(teacher.type)).open(rigContext({ with: { teacher } }));
  assert.ok(session.batch >= 1 && session.concurrency >= 1);
  const answers: Answer[] = [];
  for (let at = 0; at < pictures.length; at += session.batch) {
    const request = pictures.slice(at, at + session.batch).map((bytes, i) => {
      const item: Item = { id: `picture-${at + i}`, input: "", locator: "", row: {} };
      return { item, blob: sha256(bytes), bytes };
    });
    answers.push(...(await session.label(request)));
  }
  await session.close?.();
  return answers;
}

/** What every teacher keeps to. `teacher` is `with.teacher`, defaults filled in. */
export function teacherConformance(name: string, setup: () => JsonObject | Promise<JsonObject>): void {
  test(`${name}: one answer a picture, in order, whatever the request's size`, async () => {
    const teacher = await setup();
    const pictures = await scenes(9);
    const forth = await ask(teacher, pictures);
    const back = await ask(teacher, pictures.toReversed());
    assert.equal(forth.length, 9);
    assert.deepEqual(back.toReversed(), forth);
  });

  test(`${name}: scores lie in [0, 1] and each tag stands once`, async () => {
    for (const answer of await ask(await setup(), await scenes(9))) {
      assert.ok(answer.ok, JSON.stringify(answer));
      assert.ok(answer.labels.length > 0, "a scene without any label");
      for (const { score } of answer.labels) assert.ok(score >= 0 && score <= 1, String(score));
      assert.equal(new Set(answer.labels.map(({ tag }) => tag)).size, answer.labels.length);
    }
  });

  test(`${name}: a broken picture fails alone`, async () => {
    const [first, second] = await scenes(2);
    const answers = await ask(await setup(), [first!, Buffer.from("no picture"), second!]);
    assert.deepEqual(
      answers.map((answer) => answer.ok),
      [true, false, true],
    );
    const broken = answers[1]!;
    assert.ok(!broken.ok && broken.class !== "" && broken.detail !== "");
  });
}
