import { mkdirSync, renameSync } from "node:fs";
import { basename, join } from "node:path";
import { StageError } from "../../contract/stage.js";
import { sha256File } from "../../core/hash.js";
import type { EngineRecord } from "../native/installed.js";
import type { Device, NativePlatform } from "../native/platform.js";
import { downloadWheel, wheelIn } from "./pip.js";
import { nvidiaLibraries, type Source } from "./source.js";
import { checkSpace } from "./space.js";
import { unpackWheel } from "./unpack.js";

export interface InstallRequest {
  /** Folder of all engines. */
  readonly root: string;
  readonly tensorflow?: string;
  readonly device?: Device;
  /** A wheel or a folder instead of PyPI. */
  readonly from?: string;
  /** Of the wheel. */
  readonly sha256?: string;
  readonly signal: AbortSignal;
  /** `done` of `total` are bytes; without a total it is not known. */
  readonly onProgress: (step: string, done?: number, total?: number) => void;
}

/** Folder of the wheel that was fetched and checked, in the folder of the work. */
const CHECKED = "checked";

/** Whether unfinished work holds a checked wheel. */
export function isWorthKeeping(work: string): boolean {
  return wheelIn(join(work, CHECKED)) !== undefined;
}

/** The three parts of a TensorFlow that the bindings are made from. */
export interface Parts {
  readonly include: string;
  readonly libraries: string;
  readonly runPath: "beside" | "libraries";
  readonly preload: readonly string[];
  readonly from: EngineRecord["source"];
}

/** Fetches what the source names and takes the parts out of it, into `work`. @throws StageError */
export async function takeParts(
  request: InstallRequest,
  platform: NativePlatform,
  source: Source,
  work: string,
): Promise<Parts> {
  if (source.type === "folder") {
    const { folder } = source;
    return {
      include: join(folder, "include"),
      libraries: folder,
      runPath: "libraries",
      preload: nvidiaLibraries(folder),
      from: { folder },
    };
  }
  const { signal, onProgress } = request;
  const wheel = await wheelFile(request, source, work);
  const libraries = join(work, "engine");
  const include = join(work, "include");
  await unpackWheel(wheel.path, platform, { libraries, include }, signal, (done, total) =>
    onProgress("unpacking", done, total),
  );
  const from = { wheel: basename(wheel.path), sha256: wheel.sha256 };
  return { include, libraries, runPath: "beside", preload: [], from };
}

/** The wheel, checked. One that an earlier attempt fetched is used again. */
async function wheelFile(
  request: InstallRequest,
  source: Exclude<Source, { type: "folder" }>,
  work: string,
): Promise<{ path: string; sha256: string }> {
  const { root, signal, onProgress } = request;
  const expected = source.type === "pypi" ? source.wheel.sha256 : request.sha256;
  const kept = join(work, CHECKED);
  if (source.type === "wheel") {
    onProgress("checking the wheel");
    const hash = await sha256File(source.path);
    if (expected !== undefined && hash !== expected) throw wrongHash(source.path, hash, expected);
    checkSpace(root, source.device);
    return { path: source.path, sha256: hash };
  }
  const earlier = wheelIn(kept);
  if (earlier !== undefined && (await sha256File(earlier)) === expected) {
    return { path: earlier, sha256: expected };
  }
  checkSpace(root, source.device);
  const name = `fetching ${source.wheel.project} ${source.wheel.tensorflow}`;
  onProgress(name);
  const path = await downloadWheel(source.wheel, join(work, "download"), signal, (bytes, total) =>
    onProgress(name, bytes, total),
  );
  const hash = await sha256File(path);
  if (hash !== expected) throw wrongHash(basename(path), hash, expected ?? "");
  mkdirSync(kept, { recursive: true });
  const checked = join(kept, basename(path));
  renameSync(path, checked);
  return { path: checked, sha256: hash };
}

function wrongHash(file: string, actual: string, expected: string): StageError {
  return new StageError(
    `${file} is not the wheel it should be: its sha256 is ${actual}, expected ${expected}`,
    {
      class: "wrong-hash",
      hint: "look at where it comes from (pip config list); --sha256 names another hash",
    },
  );
}
