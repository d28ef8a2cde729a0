import assert from "node:assert/strict";
import { test } from "node:test";
import type { StageConfig } from "../../../src/runner/config/pipeline.js";
import { hostJob, type StageEnv } from "../../../src/runner/execute/stage-env.js";
import { registry } from "../../../src/stages/registry.js";

test("a stage that computes on an engine and names its cores has as many threads; others are left alone", () => {
  const threads = (kind: string, cpus?: number) => {
    const stage = {
      kind: registry.kinds.get(kind),
      params: { all: {} },
      resources: cpus === undefined ? {} : { cpus },
      secrets: [],
    } as unknown as StageConfig;
    return hostJob({ stage, logFile: "" } as StageEnv, "").env.TF_NUM_INTRAOP_THREADS;
  };
  assert.deepEqual(
    [threads("train", 2), threads("eval", 1), threads("train"), threads("exec", 2)],
    ["2", "1", undefined, undefined],
  );
});
