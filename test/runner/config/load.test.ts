import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import type { Pipeline } from "../../../src/runner/config/pipeline.js";
import { type LoadRequest, load, rigValidators, shown } from "./rig.js";

async function loaded(request: LoadRequest): Promise<{ pipeline: Pipeline; folder: string }> {
  const outcome = await load(await rigValidators(), request);
  assert.ok(outcome.ok, shown(outcome));
  return outcome;
}

const file = (text: string) => ({ "pipeline.yaml": `version: 1\nname: p\n${text}` });
const withOf = (pipeline: Pipeline, stage: string) => pipeline.stages.get(stage)?.params.all;

test("a pipeline as configured: defaults, ports, resources, units", async () => {
  const { pipeline, folder } = await loaded({
    files: file(`stages:
  resize:
    uses: resize
    inputs: { images: crawl }
    with: { size: 64 }
    resources: { cpus: 2, memory: 1.5 GiB }
    retries: 3
    timeout: 2h
  again: { uses: resize, inputs: { images: resize.failures }, with: { size: { width: 1, height: 2 } }, timeout: 1.5 }
  crawl: { uses: crawl, with: { source: { type: synthetic, seed: 7 } } }
`),
  });
  assert.equal(pipeline.base, folder);
  assert.deepEqual([pipeline.name, pipeline.seed, pipeline.params], ["p", 0, {}]);
  assert.deepEqual([...pipeline.stages.keys()], ["crawl", "resize", "again"]);
  const { kind, params, ...resize } = pipeline.stages.get("resize")!;
  assert.equal(kind.name, "resize");
  assert.deepEqual(params.all, {
    size: 64,
    fit: "cover",
    background: [0, 0, 0],
    concurrency: 4,
    sharpen: false,
  });
  assert.deepEqual(resize, {
    name: "resize",
    inputs: { images: { stage: "crawl", port: "images" } },
    given: { size: 64 },
    secrets: [],
    resources: { cpus: 2, memoryMiB: 1536 },
    retries: 3,
    timeoutMs: 7_200_000,
    at: { file: pipeline.file, line: 4, column: 3 },
  });
  const again = pipeline.stages.get("again")!;
  assert.deepEqual([again.inputs.images, again.timeoutMs], [{ stage: "resize", port: "failures" }, 1500]);
  assert.deepEqual(withOf(pipeline, "crawl"), { source: { type: "synthetic", count: 10, seed: 7 } });
});

test("views: what the fingerprint and an item's key hold, through unions and nested blocks", async () => {
  const { pipeline } = await loaded({
    files: file(`stages:
  drawn: { uses: crawl, with: { source: { type: synthetic, count: 5, seed: 7 } } }
  web: { uses: crawl, with: { source: { type: web, url: u, key_env: TOKEN } } }
  resize: { uses: resize, inputs: { images: drawn }, with: { size: 3, concurrency: 9, sharpen: true } }
  plain: { uses: resize, inputs: { images: drawn }, with: { size: 3 } }
  train: { uses: train, inputs: { data: drawn }, with: { logging: { every: 1 } } }
`),
  });
  const views = (stage: string) => {
    const { keyed, perItem } = pipeline.stages.get(stage)!.params;
    return { keyed, perItem };
  };
  assert.deepEqual(views("drawn"), {
    keyed: { source: { type: "synthetic", count: 5, seed: 7 } },
    perItem: { source: { type: "synthetic", seed: 7 } },
  });
  assert.deepEqual(views("web").keyed, { source: { type: "web", url: "u" } });
  assert.deepEqual(pipeline.stages.get("web")!.secrets, ["TOKEN"]);
  const resized = { size: 3, fit: "cover", background: [0, 0, 0] };
  assert.deepEqual(views("resize").keyed, { ...resized, sharpen: true });
  assert.deepEqual(views("plain").keyed, resized, "a param added later is left out at its default");
  assert.deepEqual(views("train").keyed, { dropout: 0.35, epochs: 3, logging: { keep: true } });
});

test("profiles, in order, and overrides over them", async () => {
  const files = file(`params: { size: 64 }
stages:
  crawl: { uses: crawl, with: { source: { type: synthetic, count: 9, seed: 7 } } }
  resize: { uses: resize, inputs: { images: crawl }, with: { size: "\${params.size}", background: [1, 2, 3] } }
profiles:
  a: { seed: 4, params: { size: 32 }, stages: { resize: { with: { fit: contain, background: [9, 9, 9] } } } }
  b: { params: { size: 16 }, stages: { crawl: { with: { source: { type: web, url: here } } } } }
  c: { stages: { resize: null } }
`);
  const one = await loaded({ files, profiles: ["a"] });
  assert.equal(one.pipeline.seed, 4);
  assert.deepEqual(withOf(one.pipeline, "resize"), {
    size: 32,
    fit: "contain",
    background: [9, 9, 9],
    concurrency: 4,
    sharpen: false,
  });
  const two = await loaded({
    files,
    profiles: ["a", "b"],
    overrides: ["params.size=8", "resize.sharpen=true", "seed=5", "stages.crawl.retries=2"],
  });
  assert.deepEqual([two.pipeline.seed, two.pipeline.params], [5, { size: 8 }]);
  assert.deepEqual(two.pipeline.profiles, ["a", "b"]);
  assert.equal(withOf(two.pipeline, "resize")?.size, 8);
  assert.equal(withOf(two.pipeline, "resize")?.sharpen, true);
  assert.equal(two.pipeline.stages.get("crawl")?.retries, 2);
  assert.deepEqual(two.pipeline.stages.get("crawl")?.at, { file: two.pipeline.file, line: 5, column: 3 });
  // The synthetic source's count and seed do not reach into the source that replaces it.
  assert.deepEqual(withOf(two.pipeline, "crawl"), { source: { type: "web", url: "here" } });
  const three = await loaded({ files, profiles: ["c"] });
  assert.deepEqual([...three.pipeline.stages.keys()], ["crawl"], "null takes a key away");
});

test("an override may hold any YAML, and may change a union's type", async () => {
  const files = file("stages: { crawl: { uses: crawl, with: { source: { type: synthetic, count: 9 } } } }\n");
  for (const overrides of [
    ["crawl.source={type: web, url: 'a=b'}"],
    ["crawl.source.url=a=b", "crawl.source.type=web"],
  ]) {
    const { pipeline } = await loaded({ files, overrides });
    assert.deepEqual(withOf(pipeline, "crawl"), { source: { type: "web", url: "a=b" } });
  }
});

test("references keep types, reach into params and are escaped by a dollar", async () => {
  const { pipeline } = await loaded({
    files: file(`params:
  size: 64
  half: "\${params.nested.list.1}"
  nested: { list: [1, 0.5], on: true, text: "n\${params.size}" }
  copy: "\${params.nested}"
stages:
  any:
    uses: any
    with:
      number: "\${params.size}"
      half: "\${ params.half }"
      map: "\${params.copy}"
      inner: "\${params.copy.on}"
      text: "a\${params.size}-\${params.nested.on}z"
      escaped: "$\${HOME} $\${params.size} $5"
`),
  });
  assert.deepEqual(withOf(pipeline, "any"), {
    number: 64,
    half: 0.5,
    map: { list: [1, 0.5], on: true, text: "n64" },
    inner: true,
    text: "a64-truez",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference of ours
    escaped: "${HOME} ${params.size} $5",
  });
});

test("extends: a chain of files, each path from its own file", async () => {
  const { pipeline, folder } = await loaded({
    files: {
      "pipeline.yaml": "version: 1\nextends: base/middle.yaml\nname: mine\nparams: { a: 1 }\n",
      "base/middle.yaml":
        "version: 1\nextends: ../root.yaml\nparams: { a: 2, b: 2 }\nstages: { own: { uses: ./own.mjs } }\n",
      "base/own.mjs": "",
      "root.yaml": "version: 1\nname: root\nparams: { a: 3, b: 3, c: 3 }\nstages: { any: { uses: any } }\n",
    },
  });
  assert.equal(pipeline.name, "mine");
  assert.deepEqual(pipeline.params, { a: 1, b: 2, c: 3 });
  assert.deepEqual([...pipeline.stages.keys()], ["any", "own"]);
  assert.equal(pipeline.base, folder);
  assert.equal(pipeline.stages.get("own")?.kind.module, pathToFileURL(join(folder, "base/own.mjs")).href);
});

test("anchors and merge keys: own keys win, then earlier sources; YAML 1.2 words are text", async () => {
  const { pipeline } = await loaded({
    files: file(`params:
  one: &one { a: 1, b: 1 }
  two: &two { b: 2, c: 2 }
  merged: { <<: [*one, *two], c: 3 }
  quoted: { "<<": 1 }
  words: [yes, 0o17, 1e3, ~, 007]
stages: { any: { uses: any } }
`),
  });
  assert.deepEqual(pipeline.params.merged, { a: 1, b: 1, c: 3 });
  assert.deepEqual(pipeline.params.quoted, { "<<": 1 });
  assert.deepEqual(pipeline.params.words, ["yes", 15, 1000, null, 7]);
});

test("a byte order mark and CRLF are read like any text", async () => {
  const text = "version: 1\nname: p\nparams: { a: x }\nstages:\n  any: { uses: any }\n";
  const { pipeline } = await loaded({ files: { "pipeline.yaml": `\ufeff${text.replaceAll("\n", "\r\n")}` } });
  assert.deepEqual(pipeline.params, { a: "x" });
});
