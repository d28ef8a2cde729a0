import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type InputArtifact,
  NO_PREVIOUS,
  type Previous,
  type StageContext,
  StageError,
  type Usage,
} from "../../src/contract/stage.js";
import { sha256 } from "../../src/core/hash.js";
import type { JsonObject } from "../../src/core/json.js";
import { temporaryFolder } from "./folder.js";

export { temporaryFolder };

export interface RigContext extends StageContext {
  readonly notes: string[];
  /** What `usage` was told. */
  readonly figures: Usage;
  /** Adds a blob that `blob(hash)` gives back; returns its hash. */
  addBlob(bytes: Uint8Array): string;
}

/** A stage context over plain folders, for tests of a stage's own logic without the runner. */
export function rigContext(options: {
  with: JsonObject;
  inputs?: Record<string, Record<string, string>>;
  seed?: number;
  impl?: Record<string, string>;
  signal?: AbortSignal;
  scratch?: string;
  shared?: string;
  previous?: Previous;
}): RigContext {
  const root = temporaryFolder();
  const blobs = new Map<string, Buffer>();
  const memo = new Map<string, string>();
  const folder = (...names: string[]) => {
    const path = join(root, ...names);
    mkdirSync(path, { recursive: true });
    return path;
  };
  const artifact = (files: Record<string, string>): InputArtifact => ({
    hash: sha256(JSON.stringify(files)),
    files: Object.keys(files).sort(),
    path(name) {
      const path = files[name];
      if (path === undefined) throw new StageError(`no file ${name} in the artifact`);
      return path;
    },
  });
  const notes: string[] = [];
  const usage: Record<string, number> = {};
  return {
    with: options.with,
    inputs: Object.fromEntries(Object.entries(options.inputs ?? {}).map(([port, f]) => [port, artifact(f)])),
    base: root,
    scratch: options.scratch ?? folder("scratch"),
    shared: options.shared ?? folder("shared"),
    logs: folder("logs"),
    seed: options.seed ?? 0,
    impl: options.impl ?? { engine: "wasm" },
    cpus: 2,
    signal: options.signal ?? new AbortController().signal,
    notes,
    figures: usage,
    progress() {},
    note: (message) => void notes.push(message),
    usage: (figures) => void Object.assign(usage, figures),
    secret: (variable) => {
      throw new StageError(`no secret ${variable}`);
    },
    hasSecret: () => false,
    blob: async (hash) => {
      const bytes = blobs.get(hash);
      if (!bytes) throw new StageError(`no blob ${hash}`, { class: "missing-blob", blob: hash });
      return bytes;
    },
    addBlob(bytes) {
      const hash = sha256(bytes);
      blobs.set(hash, Buffer.from(bytes));
      return hash;
    },
    outDir: (port) => folder("out", port),
    memo: {
      get: (key) => memo.get(key),
      set: (key, port, path) => void memo.set(key, sha256(readFileSync(join(root, "out", port, path)))),
    },
    previous: options.previous ?? NO_PREVIOUS,
  };
}
