import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { ListContext, Listed, ListedItem } from "../../../../contract/kind.js";
import { StageError } from "../../../../contract/stage.js";
import type { LocalSource } from "../../schema.js";
import { Snapshot } from "./snapshot.js";
import { idOf } from "./units.js";

/** The identity and rights of a file nobody said anything about: where it is. */
const UNKNOWN = { page_url: null, author: null, license: null, license_url: null, attribution: null };

/**
 * The files below a folder whose names fit. What fits but is no readable file is warned of and left out: a listing opens
 * regular files only, since a pipe would keep it waiting for ever.
 *
 * @throws StageError where the folder itself is missing or no folder
 */
export async function list(context: ListContext): Promise<Listed> {
  const source = context.with.source as LocalSource;
  const root = resolve(context.base, source.path);
  checkFolder(root, source.path);
  const snapshot = await Snapshot.take(root, source, context);
  const { count, sums } = snapshot;
  function* items(beginnings?: readonly string[]): Generator<ListedItem> {
    for (const { name, hash } of snapshot.files(beginnings)) {
      const columns = { source_url: name, ...UNKNOWN };
      yield { id: idOf(name), input: hash, locator: join(root, name), columns };
    }
  }
  return {
    units: { count, sums, items },
    async *[Symbol.asyncIterator](): AsyncGenerator<ListedItem> {
      yield* items();
    },
  };
}

function checkFolder(root: string, asWritten: string): void {
  const found = statSync(root, { throwIfNoEntry: false });
  if (found?.isDirectory()) return;
  throw new StageError(`the source's path ${asWritten} is ${found ? "no folder" : "not there"}`, {
    class: "no-folder",
    hint: "a relative path starts at the folder of the pipeline file",
  });
}
