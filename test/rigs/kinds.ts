import type { Kind, Registry } from "../../src/contract/kind.js";
import type { JsonObject } from "../../src/core/json.js";
import type { StageConfig } from "../../src/runner/config/pipeline.js";

/** A kind record for tests of the planner; nothing runs it. */
export function testKind(name: string, more: Partial<Kind> = {}): Kind {
  return {
    name,
    version: 1,
    summary: name,
    inputs: {},
    outputs: [{ name: "out", summary: "out" }],
    module: "none:",
    ...more,
  };
}

export function testStage(kind: Kind, params: JsonObject = {}, more: Partial<StageConfig> = {}): StageConfig {
  return {
    name: kind.name,
    kind,
    inputs: {},
    given: params,
    params: { all: params, keyed: params, perItem: params },
    secrets: [],
    resources: {},
    retries: 0,
    at: { file: "test.yaml", line: 1, column: 1 },
    ...more,
  };
}

export function testRegistry(impl: Record<string, string> = {}): Registry {
  return {
    kinds: new Map(),
    module: (path) => testKind(path),
    impl: (name) => impl[name] ?? "none",
  };
}
