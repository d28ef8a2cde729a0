import { testProblems } from "./rig.js";

testProblems([
  {
    name: "a value that is none of an enum",
    files: {
      "pipeline.yaml": `version: 1
name: p
stages:
  crawl: { uses: crawl, with: { source: { type: synthetic } } }
  resize: { uses: resize, inputs: { images: crawl }, with: { size: 64, fit: covr } }
`,
    },
    expected: `pipeline.yaml:5:77: resize.fit: expected cover or contain, received the text "covr"
  5 |   resize: { uses: resize, inputs: { images: crawl }, with: { size: 64, fit: covr } }
    |                                                                             ^^^^
  hint: did you mean cover?`,
  },
  {
    name: "a union without tag, told by form",
    files: {
      "pipeline.yaml": `version: 1
name: p
stages:
  crawl: { uses: crawl, with: { source: { type: synthetic } } }
  resize: { uses: resize, inputs: { images: crawl }, with: { size: { width: 3, heigth: 4 } } }
`,
    },
    expected: `pipeline.yaml:5:62: resize.size lacks "height"
  5 |   resize: { uses: resize, inputs: { images: crawl }, with: { size: { width: 3, heigth: 4 } } }
    |                                                              ^^^^
  hint: expected a whole number

pipeline.yaml:5:80: resize.size has no key "heigth"
  5 |   resize: { uses: resize, inputs: { images: crawl }, with: { size: { width: 3, heigth: 4 } } }
    |                                                                                ^^^^^^
  hint: did you mean height?`,
  },
  {
    name: "a union without tag, none fits",
    files: {
      "pipeline.yaml": `version: 1
name: p
stages:
  crawl: { uses: crawl, with: { source: { type: synthetic } } }
  resize: { uses: resize, inputs: { images: crawl }, with: { size: [3, 4] } }
`,
    },
    expected: `pipeline.yaml:5:62: resize.size: expected a whole number from 1 to 4096 or a mapping, received a list
  5 |   resize: { uses: resize, inputs: { images: crawl }, with: { size: [3, 4] } }
    |                                                              ^^^^`,
  },
  {
    name: "mappings in a union, told apart by the keys that one of them alone has",
    files: {
      "pipeline.yaml": `version: 1
name: p
stages:
  any: { uses: any }
  train: { uses: train, inputs: { data: any }, with: { weights: { url: here, top: yes } } }
`,
    },
    expected: `pipeline.yaml:5:56: train.weights lacks "hash"
  5 |   train: { uses: train, inputs: { data: any }, with: { weights: { url: here, top: yes } } }
    |                                                        ^^^^^^^
  hint: expected text

pipeline.yaml:5:83: train.weights.top: expected true or false, received the text "yes"
  5 |   train: { uses: train, inputs: { data: any }, with: { weights: { url: here, top: yes } } }
    |                                                                                   ^^^`,
  },
  {
    name: "mappings in a union, none told by its keys",
    files: {
      "pipeline.yaml": `version: 1
name: p
stages:
  any: { uses: any }
  train: { uses: train, inputs: { data: any }, with: { weights: { file: here, url: there } } }
`,
    },
    expected: `pipeline.yaml:5:56: train.weights: expected none, a mapping of file, top or a mapping of url, hash, top, received a mapping of file, url
  5 |   train: { uses: train, inputs: { data: any }, with: { weights: { file: here, url: there } } }
    |                                                        ^^^^^^^`,
  },
  {
    name: "a key of the file and one of a profile that exclude each other",
    files: {
      "pipeline.yaml": `version: 1
name: p
stages:
  any: { uses: any }
  train: { uses: train, inputs: { data: any }, with: { holdout: { count: 3 } } }
profiles:
  big: { stages: { train: { with: { holdout: { share: 0.1 } } } } }
`,
    },
    profiles: ["big"],
    expected: `pipeline.yaml:5:56: train.holdout: expected a mapping of 1 key, received a mapping of count, share
  5 |   train: { uses: train, inputs: { data: any }, with: { holdout: { count: 3 } } }
    |                                                        ^^^^^^^
  hint: null takes one away: { count: null, share: … }`,
  },
  {
    name: "a list of the wrong length",
    files: {
      "pipeline.yaml": `version: 1
name: p
stages:
  crawl: { uses: crawl, with: { source: { type: synthetic } } }
  resize: { uses: resize, inputs: { images: crawl }, with: { size: 5000, background: [1, 2] } }
`,
    },
    expected: `pipeline.yaml:5:68: resize.size: expected a whole number from 1 to 4096, received 5000
  5 |   resize: { uses: resize, inputs: { images: crawl }, with: { size: 5000, background: [1, 2] } }
    |                                                                    ^^^^

pipeline.yaml:5:74: resize.background: expected a list of 3 values, each a whole number, received a list
  5 |   resize: { uses: resize, inputs: { images: crawl }, with: { size: 5000, background: [1, 2] } }
    |                                                                          ^^^^^^^^^^`,
  },
  {
    name: "a discriminated union: only the branch meant speaks",
    files: {
      "pipeline.yaml": `version: 1
name: p
stages:
  crawl: { uses: crawl, with: { source: { type: web, count: 3 } } }
`,
    },
    expected: `pipeline.yaml:4:33: crawl.source lacks "url"
  4 |   crawl: { uses: crawl, with: { source: { type: web, count: 3 } } }
    |                                 ^^^^^^
  hint: expected text that is not empty: where it is

pipeline.yaml:4:54: crawl.source has no key "count"
  4 |   crawl: { uses: crawl, with: { source: { type: web, count: 3 } } }
    |                                                      ^^^^^
  hint: known: type, url, key_env`,
  },
  {
    name: "an unknown tag of a union",
    files: {
      "pipeline.yaml": `version: 1
name: p
stages:
  crawl: { uses: crawl, with: { source: { type: sythetic, count: 3 } } }
`,
    },
    expected: `pipeline.yaml:4:49: crawl.source.type: expected synthetic or web, received the text "sythetic"
  4 |   crawl: { uses: crawl, with: { source: { type: sythetic, count: 3 } } }
    |                                                 ^^^^^^^^
  hint: did you mean synthetic?`,
  },
  {
    name: "a missing tag of a union",
    files: {
      "pipeline.yaml": `version: 1
name: p
stages:
  crawl: { uses: crawl, with: { source: { count: 3 } } }
`,
    },
    expected: `pipeline.yaml:4:33: crawl.source lacks "type": expected synthetic or web
  4 |   crawl: { uses: crawl, with: { source: { count: 3 } } }
    |                                 ^^^^^^`,
  },
]);
