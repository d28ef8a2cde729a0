import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../../core/cache-folder.js";
import { nodePackage } from "./package.js";
import { type Device, type NativePlatform, NODE_API, nativePlatform } from "./platform.js";

/** Files of an installed engine's folder. The record is written last. */
export const ENGINE_FILES = { record: "engine.json", bindings: "tfjs_binding.node" } as const;

/** engine.json: what an installed engine was made from. */
export interface EngineRecord {
  readonly format: "pipestill-engine/1";
  /** Version of TensorFlow. */
  readonly tensorflow: string;
  readonly device: Device;
  readonly platform: NativePlatform;
  readonly node_api: number;
  /** Version of the npm package whose bindings were compiled: they go with its JavaScript. */
  readonly tfjs: string;
  /** Whether the bindings take attributes that are lists, which fused ops have. Engines of before have no such field. */
  readonly attribute_lists?: boolean;
  /** The wheel's file name and hash, or the folder whose libraries are used where they are. */
  readonly source: { readonly wheel: string; readonly sha256: string } | { readonly folder: string };
}

export interface InstalledEngine {
  /** Name of its folder. */
  readonly key: string;
  readonly folder: string;
  readonly record: EngineRecord;
}

/** Outside node_modules, so that npm ci loses nothing. */
export function enginesFolder(env: NodeJS.ProcessEnv = process.env): string {
  return cacheFolder("engines", env);
}

/** Name of the folder of an engine. */
export function engineKey(record: Pick<EngineRecord, "tensorflow" | "device" | "platform">): string {
  return `tensorflow-${record.tensorflow}-${record.device}-${record.platform}-napi${NODE_API}`;
}

/** All engines in the folder: the newest TensorFlow first, CUDA before CPU. Loads nothing. */
export function installedEngines(root = enginesFolder()): InstalledEngine[] {
  return names(root)
    .filter((key) => key.startsWith("tensorflow-"))
    .flatMap((key) => {
      const record = readRecord(join(root, key));
      return record ? [{ key, folder: join(root, key), record }] : [];
    })
    .sort((a, b) => byVersion(b, a) || (a.key < b.key ? 1 : -1));
}

/** Why an engine cannot be used here; nothing where it can. */
export function unusable({ record }: InstalledEngine): string | undefined {
  if (record.platform !== nativePlatform()) return `it is for ${record.platform}`;
  if (record.node_api > Number(process.versions.napi)) return `it needs Node-API ${record.node_api}`;
  const tfjs = nodePackage();
  if (!tfjs) return "the npm package @tensorflow/tfjs-node-gpu is not installed";
  if (tfjs.version !== record.tfjs) return `it is for @tensorflow/tfjs-node-gpu ${record.tfjs}`;
  return undefined;
}

/** Whether installing the engine again makes it faster: its bindings were compiled before they took lists. */
export function isOlder({ record }: InstalledEngine): boolean {
  return record.attribute_lists === undefined;
}

/** The engine that `engine: native` means: the first that can be used here. */
export function usableEngine(root?: string): InstalledEngine | undefined {
  return installedEngines(root).find((engine) => unusable(engine) === undefined);
}

function names(root: string): string[] {
  try {
    return readdirSync(root);
  } catch {
    return [];
  }
}

function readRecord(folder: string): EngineRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(join(folder, ENGINE_FILES.record), "utf8")) as EngineRecord;
    return record.format === "pipestill-engine/1" ? record : undefined;
  } catch {
    return undefined;
  }
}

function byVersion(a: InstalledEngine, b: InstalledEngine): number {
  const numbers = ({ record }: InstalledEngine) => record.tensorflow.split(/\D+/).map(Number);
  const [left, right] = [numbers(a), numbers(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
