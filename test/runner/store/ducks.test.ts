import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import test from "node:test";
import { openStore } from "./rig.js";

test("DuckDB is opened once for work that follows other work, which leaves no table behind", async () => {
  const store = openStore();
  const first = await store.ducks.take();
  await first.run("CREATE TABLE input AS SELECT 1 AS id");
  await first.run("CREATE TEMP TABLE passing AS FROM input");
  await first.run('CREATE TABLE "a ""name""" AS FROM input');
  await store.ducks.give(first);
  const second = await store.ducks.take();
  assert.equal(second, first);
  assert.equal(await second.value("SELECT count(*) FROM duckdb_tables()"), 0);
  const beside = await store.ducks.take();
  assert.notEqual(beside, second);
  await second.run("CREATE TABLE input AS SELECT 2 AS id");
  await beside.run("CREATE TABLE input AS SELECT 3 AS id");
  assert.equal(await second.value("SELECT id FROM input"), 2);
  await store.ducks.give(second);
  await store.ducks.give(beside);
  await store.close();
});

test("a DuckDB whose work failed is as good as new; one that was closed is not handed out again", async () => {
  const store = openStore();
  const failing = await store.ducks.take();
  await failing.run("CREATE TABLE input AS SELECT 1 AS id");
  await assert.rejects(failing.run("SELECT nothing FROM nowhere"));
  await store.ducks.give(failing);
  const next = await store.ducks.take();
  assert.equal(await next.value("SELECT count(*) FROM duckdb_tables()"), 0);
  next.close();
  await store.ducks.give(next);
  const other = await store.ducks.take();
  assert.notEqual(other, next);
  assert.equal(await other.value("SELECT 1"), 1);
  await store.ducks.give(other);
  await store.close();
});

test("what spills over goes when the store is closed", async () => {
  const store = openStore();
  const duck = await store.ducks.take();
  await duck.run("SET memory_limit = '20MiB'");
  await duck.run("CREATE TABLE large AS SELECT i, md5(i::VARCHAR) AS text FROM range(600000) t(i)");
  assert.ok(
    readdirSync(store.tasksDir()).some((name) => name.startsWith("duck.")),
    "nothing spilled",
  );
  await store.ducks.give(duck);
  await store.close();
  assert.deepEqual(existsSync(store.tasksDir()) ? readdirSync(store.tasksDir()) : [], []);
});

test("few rows are worked on by one thread, many or nobody knows how many by two", async () => {
  const store = openStore();
  for (const [rows, threads] of [
    [10_000, 1],
    [1_000_000, 2],
    [10_000, 1],
    [undefined, 2],
  ] as const) {
    const duck = await store.ducks.take(rows);
    assert.equal(await duck.value("SELECT current_setting('threads')"), threads);
    await store.ducks.give(duck);
  }
  await store.close();
});
