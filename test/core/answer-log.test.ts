import assert from "node:assert/strict";
import { appendFileSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { AnswerReader, AnswerWriter, indexLog, logLines } from "../../src/core/answer-log.js";
import { sha256 } from "../../src/core/hash.js";
import { temporaryFolder } from "../rigs/folder.js";

const [one, two, three] = ["one", "two", "three"].map((name) => sha256(name)) as [string, string, string];

function written(): { readonly folder: string; readonly path: string } {
  const folder = temporaryFolder();
  const path = join(folder, "0123456789abcdef.jsonl");
  const log = new AnswerWriter(path);
  log.note({ asked: [one, two] });
  log.keep([
    { blob: one, json: '{"labels":["ä","b"]}' },
    { blob: two, json: "{}" },
  ]);
  log.note({ unanswered: [three] });
  assert.equal(log.get(two), "{}");
  assert.equal(log.get(three), undefined);
  log.close();
  return { folder, path };
}

test("answers are found by what they are about, with an index, with an old one, and without", () => {
  const { folder, path } = written();
  assert.equal(new AnswerReader(folder).get(one), '{"labels":["ä","b"]}');
  writeFileSync(path.replace("jsonl", "idx"), indexLog(path).encode(statSync(path).size));
  assert.equal(new AnswerReader(folder).get(two), "{}");
  appendFileSync(path, readFileSync(path, "utf8").split("\n")[1]!.replace(one, three).concat("\n"));
  assert.equal(new AnswerReader(folder).get(three), '{"labels":["ä","b"]}');
  assert.equal(new AnswerReader(join(folder, "none")).get(one), undefined);
});

test("a changed answer is none, and a torn one is none: the others stay", () => {
  const { folder, path } = written();
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.replace('"b"', '"c"').slice(0, -20));
  const reader = new AnswerReader(folder);
  assert.equal(reader.get(one), undefined);
  assert.equal(reader.get(two), "{}");
  assert.equal([...logLines(path)].length, 3, "what was cut off is no line");
});

test("an answer that stands damaged in one log is taken from another", () => {
  const { folder, path } = written();
  const text = readFileSync(path, "utf8");
  writeFileSync(join(folder, "fedcba9876543210.jsonl"), text);
  writeFileSync(path, text.replace('"b"', '"c"'));
  assert.equal(new AnswerReader(folder).get(one), '{"labels":["ä","b"]}');
});

test("lines longer than what is read at once are lines", () => {
  const { path } = written();
  const long = `{"asked":["${"x".repeat(3 << 20)}"]}`;
  appendFileSync(path, `${long}\n{}\n`);
  const lines = [...logLines(path)].map(({ bytes }) => bytes.toString("utf8"));
  assert.equal(lines.length, 6);
  assert.deepEqual(lines.slice(-2), [long, "{}"]);
});
