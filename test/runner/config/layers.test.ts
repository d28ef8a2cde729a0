import { testProblems } from "./rig.js";

testProblems([
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
    name: "profiles: params of a profile that is not applied are checked as if it were",
    files: {
      "pipeline.yaml": `version: 1
name: p
params: { count: 3 }
stages:
  crawl: { uses: crawl, with: { source: { type: synthetic, count: "\${params.count}" } } }
profiles:
  fast: { params: { count: 5 } }
  slow: { stages: { crawl: { with: { source: { cuont: 9 } } } } }
`,
    },
    expected: `pipeline.yaml:8:48: with the profile slow: crawl.source has no key "cuont"
  8 |   slow: { stages: { crawl: { with: { source: { cuont: 9 } } } } }
    |                                                ^^^^^
  hint: did you mean count?`,
  },
  {
    name: "profiles: what a profile changes is checked before it is applied",
    files: {
      "pipeline.yaml": `version: 1
name: p
stages:
  crawl: { uses: crawl, with: { source: { type: synthetic } } }
profiles:
  fast: { stages: { crawl: { retries: often, timeout: [1], inputs: { x: 1 }, wiht: {} } } }
`,
    },
    expected: `pipeline.yaml:6:39: profiles.fast.stages.crawl.retries: expected a whole number from 0 to 100 or null, received the text "often"
  6 |   fast: { stages: { crawl: { retries: often, timeout: [1], inputs: { x: 1 }, wiht: {} } } }
    |                                       ^^^^^

pipeline.yaml:6:46: profiles.fast.stages.crawl.timeout: expected a number above 0 or text such as 90s, 30m or 2h, received a list
  6 |   fast: { stages: { crawl: { retries: often, timeout: [1], inputs: { x: 1 }, wiht: {} } } }
    |                                              ^^^^^^^

pipeline.yaml:6:73: profiles.fast.stages.crawl.inputs.x: expected text that is not empty or null, received 1
  6 |   fast: { stages: { crawl: { retries: often, timeout: [1], inputs: { x: 1 }, wiht: {} } } }
    |                                                                         ^

pipeline.yaml:6:78: profiles.fast.stages.crawl has no key "wiht"
  6 |   fast: { stages: { crawl: { retries: often, timeout: [1], inputs: { x: 1 }, wiht: {} } } }
    |                                                                              ^^^^
  hint: did you mean with?`,
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
    name: "an override in a stage that is wrong otherwise: each has its own place",
    files: {
      "pipeline.yaml": `version: 1
name: p
stages:
  crawl: { uses: crawl, with: { source: { type: synthetic } } }
  train: { uses: train }
`,
    },
    overrides: ["train.dropout=high"],
    expected: `pipeline.yaml:5:3: train lacks its input "data": the data
  5 |   train: { uses: train }
    |   ^^^^^
  hint: write inputs: { data: <stage> }

-S train.dropout=high: train.dropout: expected a number from 0 to 1, received the text "high"`,
  },
  {
    name: "extends: what neither file has",
    files: {
      "pipeline.yaml": `# mine
version: 1
extends: base.yaml
`,
      "base.yaml": `version: 1
name: p
`,
    },
    expected: `pipeline.yaml:2:1: the pipeline lacks "stages"
  2 | version: 1
    | ^^^^^^^^^^
  hint: expected a mapping that is not empty: the steps by name; their order follows from their inputs`,
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
