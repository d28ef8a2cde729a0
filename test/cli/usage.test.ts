import assert from "node:assert/strict";
import { test } from "node:test";
import { VERBS } from "../../src/cli/main.js";
import { CliRig } from "../rigs/cli.js";

const VALID = `version: 1
name: demo
stages:
  one: { uses: exec, with: { command: "echo 1 > $OUTPUT/one.txt" } }
  two: { uses: exec, inputs: { text: one }, with: { command: "touch $OUTPUT/two.txt" } }
`;

test("every verb's help has a summary, options and examples", async () => {
  const rig = new CliRig();
  for (const { name } of VERBS) {
    const { code, stdout, stderr } = await rig.pipe("help", name);
    assert.equal(code, 0, stderr);
    assert.match(stdout, new RegExp(`^Usage: pipe ${name}`));
    assert.match(stdout, /--json/);
    assert.match(stdout, /\nExamples:\n {2}pipe /);
  }
  assert.equal((await rig.pipe("help", "run")).stdout, (await rig.pipe("run", "--help")).stdout);
});

test("wrong usage is exit code 2, on stderr alone", async () => {
  const rig = new CliRig();
  rig.write("demo.yaml", VALID);
  const cases: [string[], RegExp][] = [
    [["rnu"], /^error: unknown command 'rnu'\n\(Did you mean run\?\)\n {2}hint: see pipe help\n$/],
    [
      ["run", "demo.yaml", "--forse", "x"],
      /unknown option '--forse'\n\(Did you mean --force\?\)\n {2}hint: see pipe help run/,
    ],
    [["run"], /^error: no pipeline file given, and no pipeline\.yaml here\n {2}hint: there is demo\.yaml\n$/],
    [
      ["plan", "demo.yaml", "--store", "demo.yaml"],
      /cannot be opened: .*\n {2}hint: a file stands in its place/,
    ],
    [["run", "train"], /^error: train is no pipeline file, and there is no pipeline\.yaml here\n/],
    [["plan", "demo.yaml", "onee"], /^error: demo has no stage onee\n {2}hint: did you mean one\?\n$/],
    [
      ["plan", "demo.yaml", "--force", "elsewhere"],
      /^error: demo has no stage elsewhere\n {2}hint: its stages are one, two\n$/,
    ],
    [["explain", "demo.yaml"], /^error: explain takes one stage\n/],
    [["dag", "demo.yaml", "--format", "dot"], /Allowed choices are text, mermaid/],
    [["demo.yaml"], /^error: unknown command 'demo\.yaml'\n {2}hint: pipe run demo\.yaml\n$/],
    [
      ["plan", "demo.yaml", "one", "--force", "two"],
      /^error: --force two: one can be had without it\n {2}hint: add two to the stages\n$/,
    ],
    [["help", "nope"], /^error: there is no verb nope\n {2}hint: see pipe help\n$/],
    [["lineage", "abcdef"], /^error: there is no store artifacts\n/],
    [["runs", "--limit", "0"], /Expected a whole number from 1/],
    [["run", "demo.yaml", "--quiet", "--verbose"], /exclude each other/],
  ];
  for (const [args, expected] of cases) {
    const { code, stdout, stderr } = await rig.pipe(...args);
    assert.match(stderr, expected, args.join(" "));
    assert.equal(stdout, "", args.join(" "));
    assert.equal(code, 2, args.join(" "));
  }
});

test("wrong usage with --json is a document on stdout", async () => {
  const { code, stdout } = await new CliRig().pipe("run", "--forse", "--json");
  assert.equal(code, 2);
  assert.deepEqual(JSON.parse(stdout), {
    error: {
      message: "unknown option '--forse'\n(Did you mean --force?)",
      hint: "see pipe help run",
      problems: [],
    },
  });
});

test("no arguments: the help, on stderr, and exit code 2", async () => {
  const { code, stdout, stderr } = await new CliRig().pipe();
  assert.equal(code, 2);
  assert.equal(stdout, "");
  assert.match(stderr, /^Usage: pipe /);
});

test("problems in a pipeline file: places on stderr, with --json a document on stdout", async () => {
  const rig = new CliRig();
  rig.write("demo.yaml", VALID.replace("uses: exec", "uses: exek"));
  const plain = await rig.pipe("validate", "demo.yaml");
  assert.equal(plain.code, 2);
  assert.equal(plain.stdout, "");
  assert.match(plain.stderr, /demo\.yaml:4:16: .*exek/);
  assert.match(plain.stderr, /\^\^\^\^/);
  assert.match(plain.stderr, /error: demo\.yaml has a problem\n$/);
  const json = await rig.pipe("validate", "demo.yaml", "--json");
  assert.equal(json.code, 2);
  const { error } = JSON.parse(json.stdout);
  assert.equal(error.message, "demo.yaml has a problem");
  assert.equal(error.problems[0].at.line, 4);
});

test("a valid file, as text and as JSON", async () => {
  const rig = new CliRig();
  rig.write("pipeline.yaml", VALID);
  assert.equal((await rig.pipe("validate")).stdout, "pipeline.yaml is valid: demo, 2 stages\n");
  assert.deepEqual(JSON.parse((await rig.pipe("validate", "--json")).stdout), {
    file: "pipeline.yaml",
    pipeline: "demo",
    stages: ["one", "two"],
    problems: [],
  });
});

test("a reader that goes away is no error", async () => {
  const rig = new CliRig();
  rig.write("pipeline.yaml", VALID);
  const started = rig.start(["dag"]);
  started.child.stdout?.destroy();
  const { code, stderr } = await started.finished;
  assert.equal(stderr, "");
  assert.equal(code, 0);
});

test("--version is the package's version", async () => {
  assert.match((await new CliRig().pipe("--version")).stdout, /^\d+\.\d+\.\d+\n$/);
});
