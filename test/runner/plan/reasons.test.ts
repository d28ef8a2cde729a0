import assert from "node:assert/strict";
import { test } from "node:test";
import type { Preimage } from "../../../src/runner/plan/plan.js";
import { differences, explainDifference, summarise } from "../../../src/runner/plan/reasons.js";

const was: Preimage = {
  tag: "stage/1",
  kind: "train",
  version: 1,
  with: { dropout: 0.35, loss: "bce", optimizer: { type: "adam", rate: 0.001 } },
  inputs: { data: "a".repeat(64) },
  impl: { engine: "wasm" },
  seed: 1,
};

const codes = (is: Preimage) => explainDifference(was, is).map(({ code, message }) => `${code}: ${message}`);

test("equal preimages give no reason", () => {
  assert.deepEqual(explainDifference(was, structuredClone(was)), []);
});

test("each changed param is named with what it was and is", () => {
  const optimizer = { type: "adam", rate: 0.01 };
  assert.deepEqual(codes({ ...was, with: { dropout: 0.5, optimizer, epochs: 3 } }), [
    "param-changed: dropout changed from 0.35 to 0.5",
    "param-changed: epochs changed from unset to 3",
    "param-changed: loss changed from bce to unset",
    "param-changed: optimizer.rate changed from 0.001 to 0.01",
  ]);
});

test("version, input, source, engine and seed are reasons of their own, in that order", () => {
  const is = {
    ...was,
    version: 2,
    inputs: { data: "b".repeat(64), extra: "c".repeat(64) },
    identity: "d",
    impl: { engine: "tensorflow" },
    seed: 2,
  };
  assert.deepEqual(codes(is), [
    "version-changed: the train stage's code is version 2, its result was made by version 1",
    "input-changed: the input data has other content (aaaaaaaa → bbbbbbbb)",
    "input-changed: the input extra is new",
    "source-changed: what it reads outside the store has changed",
    "implementation-changed: it is computed by engine tensorflow, its result by wasm",
    "seed-changed: the seed changed from 1 to 2",
  ]);
});

test("files that an identity names are named, each with what became of it", () => {
  const before = { ...was, identity: { "run.py": "a".repeat(64), "old.json": "b".repeat(64) } };
  const after = { ...was, identity: { "run.py": "c".repeat(64), "new.json": "b".repeat(64) } };
  assert.deepEqual(
    explainDifference(before, after).map(({ message }) => message),
    ["new.json is new", "old.json is gone", "run.py has changed"],
  );
});

test("a summary is the first reason and how many more", () => {
  const reasons = explainDifference(was, { ...was, seed: 2, with: { ...was.with, loss: "kl" } });
  assert.equal(summarise(reasons), "loss changed from bce to kl, and 1 more");
  assert.equal(summarise([]), "");
});

test("differences are found at the leaves; lists count as one leaf", () => {
  assert.deepEqual(differences({ a: [1, 2], b: { c: 1 } }, { a: [1, 3], b: { c: 1 } }), [
    { path: "a", from: [1, 2], to: [1, 3] },
  ]);
});
