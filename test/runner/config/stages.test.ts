import { testProblems } from "./rig.js";

testProblems([
  {
    name: "an unknown stage kind",
    files: {
      "pipeline.yaml": `version: 1
name: p
stages:
  crawl: { uses: crwal }
  mine: { uses: stage.mjs }
  yours: { uses: ./absent.mjs }
`,
    },
    expected: `pipeline.yaml:4:18: there is no stage kind crwal
  4 |   crawl: { uses: crwal }
    |                  ^^^^^
  hint: did you mean crawl?

pipeline.yaml:5:17: there is no stage kind stage.mjs
  5 |   mine: { uses: stage.mjs }
    |                 ^^^^^^^^^
  hint: a module of yours begins with ./ : ./stage.mjs

pipeline.yaml:6:18: there is no module ./absent.mjs
  6 |   yours: { uses: ./absent.mjs }
    |                  ^^^^^^^^^^^^
  hint: the path starts at the folder of pipeline.yaml`,
  },
  {
    name: "unknown stages and ports",
    files: {
      "pipeline.yaml": `version: 1
name: p
stages:
  crawl: { uses: crawl, with: { source: { type: synthetic } } }
  resize: { uses: resize, inputs: { image: crawl }, with: { size: 1 } }
  again: { uses: resize, inputs: { images: crwl }, with: { size: 1 } }
  third: { uses: resize, inputs: { images: crawl.failure }, with: { size: 1 } }
`,
    },
    expected: `pipeline.yaml:5:37: resize has no input "image"
  5 |   resize: { uses: resize, inputs: { image: crawl }, with: { size: 1 } }
    |                                     ^^^^^
  hint: did you mean images?

pipeline.yaml:6:44: there is no stage crwl
  6 |   again: { uses: resize, inputs: { images: crwl }, with: { size: 1 } }
    |                                            ^^^^
  hint: did you mean crawl?

pipeline.yaml:7:44: crawl has no output "failure"
  7 |   third: { uses: resize, inputs: { images: crawl.failure }, with: { size: 1 } }
    |                                            ^^^^^^^^^^^^^
  hint: did you mean failures?`,
  },
  {
    name: "ports that do not fit; what is not known to be wrong is let through",
    files: {
      "pipeline.yaml": `version: 1
name: p
stages:
  crawl: { uses: crawl, with: { source: { type: synthetic } } }
  resize: { uses: resize, inputs: { images: crawl.failures }, with: { size: 1 } }
  mine: { uses: any, inputs: { x: crawl.failures } }
  again: { uses: resize, inputs: { images: mine }, with: { size: 1 } }
`,
    },
    expected: `pipeline.yaml:5:45: resize wants images as "images", and crawl.failures is a table of failures
  5 |   resize: { uses: resize, inputs: { images: crawl.failures }, with: { size: 1 } }
    |                                             ^^^^^^^^^^^^^^`,
  },
  {
    name: "a required input that is not connected",
    files: {
      "pipeline.yaml": `version: 1
name: p
stages:
  crawl: { uses: crawl, with: { source: { type: synthetic } } }
  resize: { uses: resize, with: { size: 1 } }
`,
    },
    expected: `pipeline.yaml:5:3: resize lacks its input "images": the images
  5 |   resize: { uses: resize, with: { size: 1 } }
    |   ^^^^^^
  hint: write inputs: { images: crawl }`,
  },
  {
    name: "a stage that takes its own output",
    files: {
      "pipeline.yaml": `version: 1
name: p
stages:
  resize: { uses: resize, inputs: { images: resize }, with: { size: 1 } }
`,
    },
    expected: `pipeline.yaml:4:45: resize takes its own output: resize -> resize
  4 |   resize: { uses: resize, inputs: { images: resize }, with: { size: 1 } }
    |                                             ^^^^^^`,
  },
  {
    name: "a cycle, named along its path",
    files: {
      "pipeline.yaml": `version: 1
name: p
stages:
  one: { uses: any, inputs: { x: three } }
  two: { uses: any, inputs: { x: one } }
  three: { uses: any, inputs: { x: two } }
  tail: { uses: any, inputs: { x: three } }
`,
    },
    expected: `pipeline.yaml:4:34: stages wait for each other in a circle: one -> two -> three -> one
  4 |   one: { uses: any, inputs: { x: three } }
    |                                  ^^^^^
  hint: data flows one way: one of these inputs has to come from elsewhere`,
  },
]);
