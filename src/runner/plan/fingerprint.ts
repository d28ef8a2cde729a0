import type { Registry } from "../../contract/kind.js";
import { hashRecord } from "../../core/hash.js";
import type { Json, JsonObject } from "../../core/json.js";
import type { StageConfig } from "../config/pipeline.js";
import type { Preimage } from "./plan.js";

/**
 * Seed of a stage: `with.seed`, else the first 32 bits of sha256(pipeline seed, kind). By kind and not by name, so
 * that two stages of equal config share a result.
 */
export function stageSeed(pipelineSeed: number, stage: StageConfig): number {
  const own = stage.params.all.seed;
  if (typeof own === "number") return own;
  return Number.parseInt(
    hashRecord({ tag: "seed/1", seed: pipelineSeed, kind: stage.kind.name }).slice(0, 8),
    16,
  );
}

/** What computes the stage: impl name → resolved value, e.g. { engine: "wasm" }. */
export function stageImpl(registry: Registry, stage: StageConfig): Readonly<Record<string, string>> {
  const names = stage.kind.impl?.(stage.params.all) ?? [];
  return Object.fromEntries(names.map((name) => [name, registry.impl(name, stage.params.all)]));
}

/** The parts of a preimage that equal config shares, with or without inputs: also the base of an item space. */
function implAndSeed(registry: Registry, stage: StageConfig, pipelineSeed: number): JsonObject {
  const impl = stageImpl(registry, stage);
  return {
    ...(stage.kind.random ? { seed: stageSeed(pipelineSeed, stage) } : {}),
    ...(Object.keys(impl).length > 0 ? { impl } : {}),
  };
}

/** The record whose canonical JSON is hashed into the stage's fingerprint. */
export function stagePreimage(
  registry: Registry,
  stage: StageConfig,
  pipelineSeed: number,
  inputs: Readonly<Record<string, string>>,
  identity: Json | undefined,
): Preimage {
  return {
    tag: "stage/1",
    kind: stage.kind.name,
    version: stage.kind.version,
    with: stage.params.keyed,
    inputs,
    ...(identity === undefined ? {} : { identity }),
    ...implAndSeed(registry, stage, pipelineSeed),
  };
}

/**
 * sha256 of what, beside its input, determines what becomes of one item: for a kind that maps a table also what stands
 * at its other ports and what it reads of the world. (For one that lists its items, these are the listing.)
 */
export function itemSpace(
  registry: Registry,
  stage: StageConfig,
  pipelineSeed: number,
  preimage: { readonly inputs: JsonObject; readonly identity?: Json },
): string {
  const port = stage.kind.item?.port;
  const others = Object.entries(preimage.inputs).filter(([name]) => port !== undefined && name !== port);
  const { identity } = preimage;
  return hashRecord({
    tag: "item/1",
    kind: stage.kind.name,
    version: stage.kind.version,
    with: stage.params.perItem,
    ...(others.length > 0 ? { inputs: Object.fromEntries(others) } : {}),
    ...(port === undefined || identity === undefined ? {} : { identity }),
    ...implAndSeed(registry, stage, pipelineSeed),
  });
}
