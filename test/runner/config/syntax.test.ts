import { testProblems } from "./rig.js";

testProblems([
  {
    name: "duplicate keys",
    files: {
      "pipeline.yaml": `version: 1
name: p
stages:
  crawl: { uses: crawl, with: { source: { type: synthetic } } }
name: q
`,
    },
    expected: `pipeline.yaml:5:1: "name" stands here a second time
  5 | name: q
    | ^^^^
  hint: the first is in line 2: remove one`,
  },
  {
    name: "broken syntax",
    files: {
      "pipeline.yaml": `version: 1
name: p
stages: { crawl: [ }
`,
    },
    expected: `pipeline.yaml:3:20: this is no valid YAML: flow sequence in block collection must be sufficiently indented and end with a ]
  3 | stages: { crawl: [ }
    |                    ^

pipeline.yaml:3:21: this is no valid YAML: flow map in block collection must be sufficiently indented and end with a }
  3 | stages: { crawl: [ }
    |                     ^`,
  },
  {
    name: "a tab as indentation",
    files: {
      "pipeline.yaml": "version: 1\nname: p\nstages:\n\tcrawl: { uses: any }\n",
    },
    expected: `pipeline.yaml:4:1: a tab stands where YAML wants spaces
  4 |  crawl: { uses: any }
    | ^
  hint: indent with spaces`,
  },
  {
    name: "a second document",
    files: {
      "pipeline.yaml": `version: 1
name: p
stages:
  crawl: { uses: crawl, with: { source: { type: synthetic } } }
---
version: 1
`,
    },
    expected: `pipeline.yaml:5:1: a second document begins here
  5 | ---
    | ^^^
  hint: a pipeline file holds one document: remove the --- line`,
  },
  {
    name: "tags",
    files: {
      "pipeline.yaml": `version: 1
name: p
params:
  a: !!js/function 'function () {}'
  b: !secret x
  c: !!binary aGk=
stages:
  crawl: { uses: crawl, with: { source: { type: synthetic } } }
`,
    },
    expected: `pipeline.yaml:4:6: a pipeline file holds plain data: tags have no meaning here
  4 |   a: !!js/function 'function () {}'
    |      ^^^^^^^^^^^^^
  hint: remove the tag

pipeline.yaml:5:6: a pipeline file holds plain data: tags have no meaning here
  5 |   b: !secret x
    |      ^^^^^^^
  hint: remove the tag

pipeline.yaml:6:6: a pipeline file holds plain data: tags have no meaning here
  6 |   c: !!binary aGk=
    |      ^^^^^^^^
  hint: remove the tag`,
  },
  {
    name: "numbers that JSON cannot carry",
    files: {
      "pipeline.yaml": `version: 1
name: p
params: { a: .nan, b: 12345678901234567890, c: -.inf }
stages:
  crawl: { uses: crawl, with: { source: { type: synthetic } } }
`,
    },
    expected: `pipeline.yaml:3:14: .nan is no number that can be stored
  3 | params: { a: .nan, b: 12345678901234567890, c: -.inf }
    |              ^^^^
  hint: use a finite number

pipeline.yaml:3:23: 12345678901234567890 is too large to be exact
  3 | params: { a: .nan, b: 12345678901234567890, c: -.inf }
    |                       ^^^^^^^^^^^^^^^^^^^^
  hint: quote it if it is text (an id)

pipeline.yaml:3:48: -.inf is no number that can be stored
  3 | params: { a: .nan, b: 12345678901234567890, c: -.inf }
    |                                                ^^^^^
  hint: use a finite number`,
  },
  {
    name: "an alias bomb",
    files: {
      "pipeline.yaml": `version: 1
name: p
params:
  a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
  b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]
  c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]
  d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]
  e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]
  f: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e, *e]
  g: &g [*f, *f, *f, *f, *f, *f, *f, *f, *f, *f]
  h: &h [*g, *g, *g, *g, *g, *g, *g, *g, *g, *g]
stages:
  crawl: { uses: crawl, with: { source: { type: synthetic } } }
`,
    },
    expected: `pipeline.yaml:8:38: aliases expand to more than 100000 values
  8 |   e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]
    |                                      ^^
  hint: write the values where they are used`,
  },
  {
    name: "aliases to nothing and to themselves",
    files: {
      "pipeline.yaml": `version: 1
name: p
params: { a: *none, b: &b [*b] }
stages:
  crawl: { uses: crawl, with: { source: { type: synthetic } } }
`,
    },
    expected: `pipeline.yaml:3:14: there is no anchor &none before this
  3 | params: { a: *none, b: &b [*b] }
    |              ^^^^^

pipeline.yaml:3:28: *b stands inside what it names
  3 | params: { a: *none, b: &b [*b] }
    |                            ^^`,
  },
  {
    name: "a merge key of no mapping",
    files: {
      "pipeline.yaml": `version: 1
name: p
params: { a: { <<: 3 } }
stages:
  crawl: { uses: crawl, with: { source: { type: synthetic } } }
`,
    },
    expected: `pipeline.yaml:3:16: << takes a mapping or a list of mappings
  3 | params: { a: { <<: 3 } }
    |                ^^
  hint: write << : *anchor of a mapping`,
  },
  {
    name: "an empty file",
    files: {
      "pipeline.yaml": `# nothing
`,
    },
    expected: `pipeline.yaml is empty
  hint: a pipeline has at least version, name and stages`,
  },
  {
    name: "a list",
    files: {
      "pipeline.yaml": `- version: 1
`,
    },
    expected: `pipeline.yaml:1:1: expected a mapping with version, name and stages, received a list
  1 | - version: 1
    | ^`,
  },
  {
    name: "CRLF",
    files: {
      "pipeline.yaml":
        "version: 1\r\nname: p\r\nstages:\r\n  crawl: { uses: crawl, with: { source: { type: synthetic } } }\r\nnmae: q\r\n",
    },
    expected: `pipeline.yaml:5:1: the pipeline has no key "nmae"
  5 | nmae: q
    | ^^^^
  hint: did you mean name?`,
  },
  {
    name: "a byte order mark",
    files: {
      "pipeline.yaml":
        "﻿version: 1\nname: p\nstages:\n  crawl: { uses: crawl, with: { source: { type: synthetic } } }\nnmae: q\n",
    },
    expected: `pipeline.yaml:5:1: the pipeline has no key "nmae"
  5 | nmae: q
    | ^^^^
  hint: did you mean name?`,
  },
  {
    name: "a terminal's escape sequences and wide characters",
    files: {
      "pipeline.yaml":
        'version: 1\nname: p\nparams: { "\u001b[31m日本": *x }\nstages:\n  crawl: { uses: crawl, with: { source: { type: synthetic } } }\n',
    },
    expected: `pipeline.yaml:3:22: there is no anchor &x before this
  3 | params: { "·[31m日本": *x }
    |                        ^^`,
  },
  {
    name: "a long line",
    files: {
      "pipeline.yaml": `version: 1
name: p
stages:
  crawl: { uses: crawl, with: { source: { type: synthetic } } }
params: { a: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx }
params2: { a: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, *nope, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2] }
`,
    },
    expected: `pipeline.yaml:6:1: the pipeline has no key "params2"
  6 | params2: { a: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,…
    | ^^^^^^^
  hint: did you mean params?

pipeline.yaml:6:316: there is no anchor &nope before this
  6 | … 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, *nope, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, …
    |                                          ^^^^^`,
  },
]);
