import { relative, resolve, sep } from "node:path";
import type { Store } from "../store/store.js";
import type { Tree } from "../store/trees.js";

const HASH = /^[0-9a-f]{6,64}$/;

/** An artifact that goes by a name. */
export interface NamedArtifact {
  /** `pipeline/stage` of the newest result that gave it, or its hash. */
  readonly name: string;
  readonly tree: Tree;
}

/**
 * The artifacts of one sort that go by a name: a stage (`train`, `vision-distill/train`), its folder below latest/, or
 * a hash of which the first 6 digits do. Of a stage it is the first output of that sort; a stage that has none is left out.
 */
export function artifactsNamed(
  store: Store,
  name: string,
  fits: (tree: Tree) => boolean,
): readonly NamedArtifact[] {
  const stages = newestOf(store, name);
  if (stages.length > 0) {
    return stages.flatMap(({ pipeline, stage, fingerprint }) => {
      const outputs = Object.values(store.results.get(fingerprint)?.outputs ?? {});
      const tree = outputs.flatMap(({ hash }) => store.trees.get(hash) ?? []).find(fits);
      return tree ? [{ name: `${pipeline}/${stage}`, tree }] : [];
    });
  }
  if (!HASH.test(name)) return [];
  const trees = store.trees.list().filter((hash) => hash.startsWith(name));
  return trees
    .flatMap((hash) => store.trees.get(hash) ?? [])
    .flatMap((tree) => (fits(tree) ? [{ name: tree.hash, tree }] : []));
}

/** The newest results of the stages that go by a name. */
export function newestOf(
  store: Store,
  name: string,
): readonly { readonly pipeline: string; readonly stage: string; readonly fingerprint: string }[] {
  const below = relative(store.root, resolve(name)).split(sep);
  const parts = below[0] === "latest" ? below.slice(1) : name.split("/");
  const [stage, pipeline] = parts.toReversed();
  if (parts.length > 2) return [];
  return [...store.latest.entries()].flatMap((entry) => {
    const fits = entry.stage === stage && (pipeline === undefined || entry.pipeline === pipeline);
    return fits && entry.fingerprint !== undefined
      ? [{ pipeline: entry.pipeline, stage: entry.stage, fingerprint: entry.fingerprint }]
      : [];
  });
}
