import assert from "node:assert/strict";
import { test } from "node:test";
import { Cores } from "../../../src/runner/execute/cores.js";

/** Work that ends when told to, and says when it began. */
function controlled() {
  const began: string[] = [];
  const ends = new Map<string, () => void>();
  const work = (name: string) => () =>
    new Promise<void>((resolve) => {
      began.push(name);
      ends.set(name, resolve);
    });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { began, work, settle, end: (name: string) => ends.get(name)?.() };
}

test("work starts while cores are free and waits in turn otherwise", async () => {
  const cores = new Cores(2);
  const { began, work, settle, end } = controlled();
  const all = [cores.use(1, work("a")), cores.use(2, work("b")), cores.use(1, work("c"))];
  await settle();
  // c would fit beside a, but b came first: nobody overtakes, so a wide stage is not starved.
  assert.deepEqual(began, ["a"]);
  end("a");
  await settle();
  assert.deepEqual(began, ["a", "b"]);
  end("b");
  await settle();
  assert.deepEqual(began, ["a", "b", "c"]);
  end("c");
  await Promise.all(all);
});

test("a wish for more cores than there are means all; a failure frees them", async () => {
  const cores = new Cores(2);
  await assert.rejects(
    cores.use(64, async () => {
      throw new Error("broken");
    }),
    /broken/,
  );
  assert.equal(await cores.use(2, async () => 7), 7);
});
