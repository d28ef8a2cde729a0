import { testProblems } from "./rig.js";

testProblems([
  {
    name: "references to nothing",
    files: {
      "pipeline.yaml": `version: 1
name: p
params: { size: 3 }
stages:
  crawl: { uses: any, with: { a: "\${params.sise}", b: "\${size}", c: "\${env.HOME}", d: "x \${params.size", e: "\${params.size.x}" } }
`,
    },
    expected: `pipeline.yaml:5:35: there is no params.sise
  5 |   crawl: { uses: any, with: { a: "\${params.sise}", b: "\${size}", c: "\${env.HOME}", d: "x \${params.size", e: "$…
    |                                   ^^^^^^^^^^^^^^
  hint: did you mean size?

pipeline.yaml:5:56: \${size} refers to nothing
  5 |   crawl: { uses: any, with: { a: "\${params.sise}", b: "\${size}", c: "\${env.HOME}", d: "x \${params.size", e: "$…
    |                                                        ^^^^^^^
  hint: did you mean \${params.size}?

pipeline.yaml:5:70: \${env.HOME} refers to nothing
  5 |   crawl: { uses: any, with: { a: "\${params.sise}", b: "\${size}", c: "\${env.HOME}", d: "x \${params.size", e: "$…
    |                                                                      ^^^^^^^^^^^
  hint: only \${params.<name>} is known; write $\${env.HOME} for the characters themselves

pipeline.yaml:5:90: \${params.size has no closing }
  5 | …, b: "\${size}", c: "\${env.HOME}", d: "x \${params.size", e: "\${params.size.x}" } }
    |                                          ^^^^^^^^^^^^^^
  hint: write $\${ for the characters themselves

pipeline.yaml:5:110: there is no params.size.x
  5 | …\${env.HOME}", d: "x \${params.size", e: "\${params.size.x}" } }
    |                                          ^^^^^^^^^^^^^^^^`,
  },
  {
    name: "params in a circle",
    files: {
      "pipeline.yaml": `version: 1
name: p
params: { a: "\${params.b}", b: { c: "x\${params.d}" }, d: "\${params.a}" }
stages:
  crawl: { uses: crawl, with: { source: { type: synthetic } } }
`,
    },
    expected: `pipeline.yaml:3:14: params refer to each other in a circle: params.a -> params.b -> params.b.c -> params.d -> params.a
  3 | params: { a: "\${params.b}", b: { c: "x\${params.d}" }, d: "\${params.a}" }
    |              ^^^^^^^^^^^^^`,
  },
  {
    name: "a list within text",
    files: {
      "pipeline.yaml": `version: 1
name: p
params: { list: [1], none: null }
stages:
  crawl: { uses: any, with: { a: "x \${params.list}", b: "\${params.none}!" } }
`,
    },
    expected: `pipeline.yaml:5:37: \${params.list} is a list: it cannot stand within text
  5 |   crawl: { uses: any, with: { a: "x \${params.list}", b: "\${params.none}!" } }
    |                                     ^^^^^^^^^^^^^^
  hint: let it be the whole value

pipeline.yaml:5:58: \${params.none} is null: it cannot stand within text
  5 |   crawl: { uses: any, with: { a: "x \${params.list}", b: "\${params.none}!" } }
    |                                                          ^^^^^^^^^^^^^^
  hint: let it be the whole value`,
  },
  {
    name: "a wrong value that came from a param",
    files: {
      "pipeline.yaml": `version: 1
name: p
params: { size: big }
stages:
  crawl: { uses: crawl, with: { source: { type: synthetic } } }
  resize: { uses: resize, inputs: { images: crawl }, with: { size: 3, concurrency: "\${params.size}" } }
`,
    },
    expected: `pipeline.yaml:6:84: resize.concurrency: expected a whole number, received the text "big"
  6 |   resize: { uses: resize, inputs: { images: crawl }, with: { size: 3, concurrency: "\${params.size}" } }
    |                                                                                    ^^^^^^^^^^^^^^^^
  hint: the value comes from params.size (pipeline.yaml:3)`,
  },
]);
