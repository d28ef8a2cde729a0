import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  renameSync,
  symlinkSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { writeFileAtomic } from "../../core/files.js";
import type { Sha256 } from "../../core/hash.js";
import { isJsonObject } from "../../core/json.js";
import { isSha256 } from "../../core/layout.js";
import type { Blobs } from "./blobs.js";
import { isCode, namesIn, parseJson, remove, safeName, textOf, uniqueName } from "./paths.js";
import type { Tree } from "./trees.js";

/**
 * So much of an artifact is copied, its smallest files first. The rest is shown through links to the read-only blobs,
 * so that a data set is not kept twice.
 */
const COPY_UP_TO_BYTES = 16 << 20;

/** What stands under latest/ for a stage. */
export interface Published {
  readonly fingerprint: Sha256;
  /** Hash of each port's artifact: asked again, a source may give others under the same fingerprint. */
  readonly outputs: Readonly<Record<string, Sha256>>;
}

/**
 * The newest outputs, for people: latest/<pipeline>/<stage>/. Each stage's entry is a link to a folder that was
 * finished before the link was set; setting it replaces the old one in one step.
 */
export class Latest {
  readonly folder: string;

  constructor(
    private readonly root: string,
    private readonly blobs: Blobs,
  ) {
    this.folder = join(root, "latest");
  }

  /** What was published last; undefined where nothing was. */
  get(pipeline: string, stage: string): Published | undefined {
    const value = parseJson(textOf(this.statePath(pipeline, stage)) ?? "");
    if (!isJsonObject(value) || !isSha256(value.fingerprint)) return undefined;
    return existsSync(this.absolute(pipeline, stage))
      ? {
          fingerprint: value.fingerprint,
          outputs: (isJsonObject(value.outputs) ? value.outputs : {}) as Published["outputs"],
        }
      : undefined;
  }

  /** Where a port's files are shown, relative to the folder that holds the store; no port: the first one's. */
  path(pipeline: string, stage: string, port?: string): string {
    const path = this.absolute(pipeline, stage);
    return relative(dirname(this.root), port === undefined ? path : join(path, safeName(port)));
  }

  /**
   * Shows a stage's outputs: the files of the first port directly, those of others in folders named by port. Never a
   * writable link to a blob.
   */
  publish(pipeline: string, stage: string, ports: ReadonlyMap<string, Tree>, fingerprint: Sha256): void {
    const link = this.absolute(pipeline, stage);
    const version = join(dirname(link), ".versions", `${safeName(stage)}.${uniqueName()}`);
    let first = true;
    const before = shownBy(link);
    mkdirSync(version, { recursive: true });
    for (const [port, tree] of ports) {
      const below = first ? "" : safeName(port);
      this.fill(join(version, below), tree, before === undefined ? undefined : join(before, below));
      first = false;
    }
    const draft = `${version}.link`;
    symlinkSync(relative(dirname(link), version), draft);
    if (before === undefined) remove(link);
    renameSync(draft, link);
    const outputs = Object.fromEntries([...ports].map(([port, { hash }]) => [port, hash]));
    writeFileAtomic(this.statePath(pipeline, stage), `${JSON.stringify({ fingerprint, outputs })}\n`);
    // Only the one replaced: another run may be filling its version at this moment. gc removes what is left over.
    if (before !== undefined) remove(before);
  }

  /** Every stage that is shown, or was meant to be; with the folder it shows. */
  *entries(): Generator<{
    readonly pipeline: string;
    readonly stage: string;
    readonly path: string;
    readonly fingerprint: Sha256 | undefined;
  }> {
    for (const pipeline of namesIn(this.folder)) {
      for (const stage of namesIn(join(this.folder, pipeline))) {
        const path = join(this.folder, pipeline, stage);
        if (stage.startsWith(".") || !lstatSync(path).isSymbolicLink()) continue;
        const value = parseJson(textOf(this.statePath(pipeline, stage)) ?? "");
        const fingerprint =
          isJsonObject(value) && isSha256(value.fingerprint) ? value.fingerprint : undefined;
        yield { pipeline, stage, path, fingerprint };
      }
    }
  }

  /** Shows a stage's outputs no more. */
  forget(pipeline: string, stage: string): void {
    const link = this.absolute(pipeline, stage);
    const shown = shownBy(link);
    remove(this.statePath(pipeline, stage));
    remove(link);
    if (shown !== undefined) remove(shown);
  }

  private absolute(pipeline: string, stage: string): string {
    return join(this.folder, safeName(pipeline), safeName(stage));
  }

  private statePath(pipeline: string, stage: string): string {
    return join(this.folder, safeName(pipeline), ".state", `${safeName(stage)}.json`);
  }

  /** @param before where the files stood that are shown now */
  private fill(folder: string, tree: Tree, before: string | undefined): void {
    mkdirSync(folder, { recursive: true });
    let left = COPY_UP_TO_BYTES;
    const smallestFirst = Object.entries(tree.entries).sort(([, a], [, b]) => a.bytes - b.bytes);
    for (const [name, { blob, bytes }] of smallestFirst) {
      const target = join(folder, ...name.split("/"));
      mkdirSync(dirname(target), { recursive: true });
      const source = this.blobs.path(blob);
      left -= bytes;
      if (left < 0) {
        linkTo(relative(dirname(target), source), target, before && join(before, ...name.split("/")));
        continue;
      }
      try {
        copyFileSync(source, target, constants.COPYFILE_FICLONE);
        chmodSync(target, 0o644);
      } catch (error) {
        // A lost blob does not keep the rest from being shown: the next run that needs it makes it anew.
        if (!isCode(error, "ENOENT")) throw error;
      }
    }
  }
}

/**
 * Makes a symbolic link, if it can be as a second name of one that leads to the same place: of the thousands of a data
 * set nearly all are as they were, and a new one takes the file system twenty times as long.
 */
function linkTo(place: string, target: string, before: string | undefined): void {
  // Elsewhere a second name of a link is one of the file that it leads to.
  if (before !== undefined && process.platform === "linux" && placeOf(before) === place) {
    try {
      linkSync(before, target);
      return;
    } catch {
      // Removed meanwhile, or too many names: a new one does as well.
    }
  }
  symlinkSync(place, target);
}

/** Where a symbolic link leads, as it is written; undefined for what is none. */
function placeOf(path: string): string | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats?.isSymbolicLink() ? readlinkSync(path) : undefined;
}

/** The folder that a stage's link shows now. */
function shownBy(link: string): string | undefined {
  const place = placeOf(link);
  return place === undefined ? undefined : join(dirname(link), place);
}
