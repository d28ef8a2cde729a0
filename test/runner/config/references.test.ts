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
  hint: only \${params.<name>} is known; write $\${size} for the characters themselves

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
  {
    name: "profiles",
    files: {
      "pipeline.yaml": `version: 1
name: p
stages:
  crawl: { uses: crawl, with: { source: { type: synthetic } } }
profiles:
  fast: { stages: { crwl: { retries: 1 } } }
  slow: { stage: {} }
`,
    },
    profiles: ["fats"],
    expected: `pipeline.yaml:6:21: the profile fast changes a stage crwl that the pipeline does not have
  6 |   fast: { stages: { crwl: { retries: 1 } } }
    |                     ^^^^
  hint: did you mean crawl?

pipeline.yaml:7:11: profiles.slow has no key "stage"
  7 |   slow: { stage: {} }
    |           ^^^^^
  hint: did you mean stages?

-p fats: there is no such profile
  hint: did you mean fast?`,
  },
  {
    name: "overrides",
    files: {
      "pipeline.yaml": `version: 1
name: p
params: { size: 3 }
stages:
  crawl: { uses: crawl, with: { source: { type: synthetic } } }
`,
    },
    overrides: [
      "crawl.source.cuont=3",
      "crwl.x=1",
      "params.sise=3",
      "nonsense",
      "crawl.source.count=[",
      "crawl=3",
      "stages.crawl.retries=many",
      "seed=-1",
    ],
    expected: `-S crwl.x=1: there is no stage crwl
  hint: did you mean crawl?

-S params.sise=3: the pipeline has no param sise
  hint: did you mean size?

-S nonsense: expected <stage>.<param>=<value>
  hint: for example -S train.dropout=0.5 or -S params.size=32

-S crawl.source.count=[: this is no valid YAML: flow sequence must end with a ]

-S crawl=3: expected crawl.<param>=<value>

-S seed=-1: seed: expected a whole number from 0 to 4294967295, received -1

-S stages.crawl.retries=many: stages.crawl.retries: expected a whole number from 0 to 100, received the text "many"

-S crawl.source.cuont=3: crawl.source has no key "cuont"
  hint: did you mean count?`,
  },
  {
    name: "extends: nothing there",
    files: {
      "pipeline.yaml": `version: 1
name: p
extends: base.yaml
stages:
  crawl: { uses: crawl, with: { source: { type: synthetic } } }
`,
    },
    expected: `pipeline.yaml:3:10: there is no file base.yaml
  3 | extends: base.yaml
    |          ^^^^^^^^^
  hint: the path starts at the folder of pipeline.yaml`,
  },
  {
    name: "extends: a circle",
    files: {
      "pipeline.yaml": `version: 1
extends: sub/base.yaml
`,
      "sub/base.yaml": `version: 1
extends: ../pipeline.yaml
`,
    },
    expected: `sub/base.yaml:2:10: files extend each other in a circle: pipeline.yaml -> sub/base.yaml -> pipeline.yaml
  2 | extends: ../pipeline.yaml
    |          ^^^^^^^^^^^^^^^^`,
  },
  {
    name: "extends: a mistake in the other file",
    files: {
      "pipeline.yaml": `version: 1
extends: base.yaml
stages: { crawl: { retries: x } }
`,
      "base.yaml": `version: 1
name: p
stages:
  crawl: { uses: crawl, with: { source: { type: synthetic, cuont: 3 } } }
`,
    },
    expected: `pipeline.yaml:3:29: stages.crawl.retries: expected a whole number from 0 to 100, received the text "x"
  3 | stages: { crawl: { retries: x } }
    |                             ^

base.yaml:4:60: crawl.source has no key "cuont"
  4 |   crawl: { uses: crawl, with: { source: { type: synthetic, cuont: 3 } } }
    |                                                            ^^^^^
  hint: did you mean count?`,
  },
]);
