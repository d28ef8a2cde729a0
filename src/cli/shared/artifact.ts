import { didYouMean } from "../../runner/config/nearest.js";
import { artifactsNamed, newestOf } from "../../runner/lineage/named.js";
import type { Store } from "../../runner/store/store.js";
import type { Tree } from "../../runner/store/trees.js";
import { UsageError } from "./errors.js";

/** What an artifact must be, told by a file in it, and what to call it. */
export interface Sort {
  readonly noun: string;
  /** The artifact is of the sort where it has one of these files; any where left out. */
  readonly marks?: readonly string[];
  /** A stage kind that gives it, for hints. */
  readonly from: string;
}

/**
 * The one artifact of a sort that goes by a name: a stage, its folder below latest/, or the beginning of a hash.
 *
 * @throws UsageError where there is none, or more than one
 */
export function findArtifact(store: Store, name: string, sort: Sort): Tree {
  const fits = (tree: Tree) => sort.marks?.some((mark) => Object.hasOwn(tree.entries, mark)) ?? true;
  const [found, ...more] = artifactsNamed(store, name, fits);
  if (found && more.length > 0) {
    const names = [found, ...more].map((one) => one.name);
    throw new UsageError(`several ${sort.noun}s go by ${name}`, `name one of ${names.join(", ")}`);
  }
  if (found) return found.tree;
  const stages = [...new Set([...store.latest.entries()].map(({ stage }) => stage))];
  throw new UsageError(
    newestOf(store, name).length > 0
      ? `the newest result of ${name} is no ${sort.noun}`
      : `there is no ${sort.noun} ${name}`,
    didYouMean(name, stages) ??
      `give a stage whose output is a ${sort.noun} (${sort.from}), or an artifact's hash`,
  );
}
