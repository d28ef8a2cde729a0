import { join } from "node:path";
import { StageError } from "../../contract/stage.js";
import { libraryNames, type NativePlatform } from "../native/platform.js";
import { extractEntry, zipEntries } from "./zip.js";

const ROOT = "tensorflow/";
const INCLUDE = `${ROOT}include/`;

/** Folders of the headers that the bindings' own includes lead to, in the supported versions; all of them are 13,000 files. */
const HEADERS = ["tensorflow/c/", "tensorflow/core/platform/", "tsl/", "xla/tsl/"].map(
  (name) => INCLUDE + name,
);

/**
 * Takes libtensorflow's libraries and headers out of a wheel.
 *
 * @param to the folders for libraries and headers
 * @throws StageError for a wheel without them
 */
export async function unpackWheel(
  wheel: string,
  platform: NativePlatform,
  to: { readonly libraries: string; readonly include: string },
  signal: AbortSignal,
  onBytes: (done: number, total: number) => void,
): Promise<void> {
  const entries = await zipEntries(wheel);
  const libraries = libraryNames(platform).map((name) => {
    const entry = entries.find((candidate) => candidate.name === ROOT + name);
    if (entry) return { entry, path: join(to.libraries, name) };
    throw new StageError(`${wheel} has no ${ROOT}${name}`, {
      class: "bad-wheel",
      hint: `it must be a wheel for ${platform}`,
    });
  });
  const headers = entries
    .filter(({ name }) => name.endsWith(".h") && HEADERS.some((folder) => name.startsWith(folder)))
    // The names come from the archive: none may lead out of the folder.
    .filter(({ name }) => !name.split("/").includes(".."))
    .map((entry) => ({ entry, path: join(to.include, entry.name.slice(INCLUDE.length)) }));
  const all = [...headers, ...libraries];
  const total = all.reduce((sum, { entry }) => sum + entry.size, 0);
  let done = 0;
  for (const { entry, path } of all) {
    await extractEntry(wheel, entry, path, signal, (bytes) => {
      done += bytes;
      onBytes(done, total);
    });
  }
}
