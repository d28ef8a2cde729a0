import { closeSync, fstatSync, openSync } from "node:fs";
import { join } from "node:path";
import { goneBlobs, listPacks, packIndex } from "../../core/blobs.js";
import { writeFileAtomic } from "../../core/files.js";
import { sha256, sha256File } from "../../core/hash.js";
import { packsFolder } from "../../core/layout.js";
import { PackIndex, PackTable } from "../../core/pack-index.js";
import { readPlace, scanPack } from "../../core/packs.js";
import { looseBlobs } from "./loose.js";
import type { Problem } from "./problem.js";
import type { Store } from "./store.js";

/** Blobs that are files of their own. */
export async function* verifyLoose(store: Store, fix: boolean): AsyncGenerator<Problem> {
  for (const { hash, path } of looseBlobs(store.root)) {
    if ((await sha256File(path)) === hash) continue;
    if (fix) store.blobs.setAside(hash);
    const message = `the bytes of blob ${hash.slice(0, 12)} do not match its name`;
    yield { what: "blob", path, message, fixed: fix };
  }
}

/** Packs: their indexes, and the bytes of each blob. */
export function* verifyPacks(store: Store, fix: boolean): Generator<Problem> {
  const folder = packsFolder(store.root);
  for (const name of listPacks(store.root)) {
    const path = join(folder, `${name}.pack`);
    const fd = openSync(path, "r");
    try {
      const { size } = fstatSync(fd);
      yield* verifyIndex(folder, name, size, fix);
      const gone = goneBlobs(folder, name);
      for (const entry of packIndex(folder, name, size).entries()) {
        const hash = entry.hash.toString("hex");
        if (gone.has(hash) || sha256(readPlace(fd, entry)) === hash) continue;
        if (fix) store.blobs.setAside(hash);
        const message = `the bytes of blob ${hash.slice(0, 12)} in pack ${name} do not match its name`;
        yield { what: "blob", path, message, fixed: fix };
      }
    } finally {
      closeSync(fd);
    }
  }
}

function* verifyIndex(folder: string, name: string, size: number, fix: boolean): Generator<Problem> {
  const path = join(folder, `${name}.idx`);
  if (PackIndex.read(path)?.packSize === size) return;
  if (fix) {
    const table = new PackTable();
    for (const record of scanPack(join(folder, `${name}.pack`))) table.add(record.hash, record);
    writeFileAtomic(path, table.encode(size));
  }
  yield { what: "pack", path, message: `the index of pack ${name} is missing or damaged`, fixed: fix };
}

/** Segments of the item cache: that they are as they were written, and have their packs. */
export function* verifySegments(store: Store, fix: boolean): Generator<Problem> {
  for (const space of store.items.spaces()) {
    const segments = store.items.folder(space);
    const replaced = segments.replaced();
    for (const name of segments.names()) {
      const fault = replaced.has(name) ? undefined : segments.fault(name);
      if (fault === undefined) continue;
      const path = segments.parquet(name);
      if (fix) segments.setAside(name);
      const message = `segment ${name} of the item cache ${fault}: its items are made anew`;
      yield { what: "segment", path, message, fixed: fix };
    }
  }
}
