import { testProblems } from "./rig.js";

testProblems([
  {
    name: "an unknown param, with the nearest name",
    files: {
      "pipeline.yaml": `version: 1
name: p
stages:
  crawl: { uses: crawl, with: { source: { type: synthetic } } }
  resize: { uses: resize, inputs: { images: crawl }, with: { size: 64 } }
  train:
    uses: train
    inputs: { data: resize }
    with: { dropuot: 0.5 }
`,
    },
    expected: `pipeline.yaml:9:13: train has no key "dropuot"
  9 |     with: { dropuot: 0.5 }
    |             ^^^^^^^
  hint: did you mean dropout?`,
  },
  {
    name: "an unknown key at the top",
    files: {
      "pipeline.yaml": `version: 1
name: p
stage: {}
stages:
  crawl: { uses: crawl, with: { source: { type: synthetic } } }
`,
    },
    expected: `pipeline.yaml:3:1: the pipeline has no key "stage"
  3 | stage: {}
    | ^^^^^
  hint: did you mean stages?`,
  },
  {
    name: "an unknown key of a stage",
    files: {
      "pipeline.yaml": `version: 1
name: p
stages:
  crawl:
    use: crawl
`,
    },
    expected: `pipeline.yaml:4:3: stages.crawl lacks "uses"
  4 |   crawl:
    |   ^^^^^
  hint: expected text that is not empty: the stage kind (crawl, resize, …), or the path of your own module, relative to this file: ./my-stage.mjs

pipeline.yaml:5:5: stages.crawl has no key "use"
  5 |     use: crawl
    |     ^^^
  hint: did you mean uses?`,
  },
  {
    name: "wrong types, all at once",
    files: {
      "pipeline.yaml": `version: 1
name: p
seed: lots
stages:
  crawl:
    uses: crawl
    retries: -1
    timeout: soon
    resources: { cpus: many, memory: 5 }
    with:
      source: { type: synthetic, count: 0, seed: 1.5 }
`,
    },
    expected: `pipeline.yaml:3:7: seed: expected a whole number from 0 to 4294967295, received the text "lots"
  3 | seed: lots
    |       ^^^^

pipeline.yaml:7:14: stages.crawl.retries: expected a whole number from 0 to 100, received -1
  7 |     retries: -1
    |              ^^

pipeline.yaml:8:14: stages.crawl.timeout: expected text such as 90s, 30m or 2h, received the text "soon"
  8 |     timeout: soon
    |              ^^^^

pipeline.yaml:9:24: stages.crawl.resources.cpus: expected a whole number from 1 to 4096, received the text "many"
  9 |     resources: { cpus: many, memory: 5 }
    |                        ^^^^

pipeline.yaml:9:38: stages.crawl.resources.memory: expected text such as 512M, 4G or 1.5 GiB, received 5
  9 |     resources: { cpus: many, memory: 5 }
    |                                      ^

pipeline.yaml:11:41: crawl.source.count: expected a whole number of at least 1, received 0
  11 |       source: { type: synthetic, count: 0, seed: 1.5 }
     |                                         ^

pipeline.yaml:11:50: crawl.source.seed: expected a whole number, received 1.5
  11 |       source: { type: synthetic, count: 0, seed: 1.5 }
     |                                                  ^^^`,
  },
  {
    name: "missing keys",
    files: {
      "pipeline.yaml": `name: p
stages:
  crawl: { with: {} }
  other: { uses: crawl }
`,
    },
    expected: `pipeline.yaml:1:1: the file lacks "version"
  1 | name: p
    | ^
  hint: write version: 1 at its top

pipeline.yaml:3:3: stages.crawl lacks "uses"
  3 |   crawl: { with: {} }
    |   ^^^^^
  hint: expected text that is not empty: the stage kind (crawl, resize, …), or the path of your own module, relative to this file: ./my-stage.mjs

pipeline.yaml:4:3: other (crawl) lacks "source"
  4 |   other: { uses: crawl }
    |   ^^^^^
  hint: expected a mapping whose type is synthetic or web: where pictures come from`,
  },
  {
    name: "stage names",
    files: {
      "pipeline.yaml": `version: 1
name: p
stages:
  Crawl: { uses: any }
  constructor: { uses: any }
  a.b: { uses: any }
  __proto__: { uses: any }
`,
    },
    expected: `pipeline.yaml:4:3: "Crawl" is no name that can stand in stages
  4 |   Crawl: { uses: any }
    |   ^^^^^
  hint: a name begins with a-z and goes on with a-z, 0-9, _ or -

pipeline.yaml:5:3: "constructor" cannot be a key
  5 |   constructor: { uses: any }
    |   ^^^^^^^^^^^
  hint: it is reserved: choose another name

pipeline.yaml:6:3: "a.b" is no name that can stand in stages
  6 |   a.b: { uses: any }
    |   ^^^
  hint: a name begins with a-z and goes on with a-z, 0-9, _ or -

pipeline.yaml:7:3: "__proto__" cannot be a key
  7 |   __proto__: { uses: any }
    |   ^^^^^^^^^
  hint: it is reserved: choose another name`,
  },
  {
    name: "wrong forms: mappings that are none, nothing where something should be",
    files: {
      "pipeline.yaml": `version: 1
name: p
params:
stages:
  a: any
  b: { uses: any, with: , inputs: [a] }
  c: { uses: 3, inputs: { x: [a] } }
`,
    },
    expected: `pipeline.yaml:3:8: params: expected a mapping, received nothing (null)
  3 | params:
    |        ^

pipeline.yaml:5:6: stages.a: expected a mapping, received the text "any"
  5 |   a: any
    |      ^^^

pipeline.yaml:6:25: stages.b.with: expected a mapping, received nothing (null)
  6 |   b: { uses: any, with: , inputs: [a] }
    |                         ^

pipeline.yaml:6:27: stages.b.inputs: expected a mapping, received a list
  6 |   b: { uses: any, with: , inputs: [a] }
    |                           ^^^^^^

pipeline.yaml:7:14: stages.c.uses: expected text that is not empty, received 3
  7 |   c: { uses: 3, inputs: { x: [a] } }
    |              ^

pipeline.yaml:7:27: stages.c.inputs.x: expected text that is not empty, received a list
  7 |   c: { uses: 3, inputs: { x: [a] } }
    |                           ^`,
  },
  {
    name: "another version",
    files: {
      "pipeline.yaml": `version: 2
name: p
stages:
  crawl: { uses: crawl, with: { source: { type: synthetic } } }
`,
    },
    expected: `pipeline.yaml:1:10: version: expected 1, the format that this release reads
  1 | version: 2
    |          ^
  hint: a later format needs a later release of pipestill`,
  },
  {
    name: "no stages",
    files: {
      "pipeline.yaml": `version: 1
name: p
stages: {}
`,
    },
    expected: `pipeline.yaml:3:1: stages: expected a mapping that is not empty, received an empty mapping
  3 | stages: {}
    | ^^^^^^`,
  },
]);
