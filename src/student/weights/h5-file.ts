import { existsSync } from "node:fs";
import h5wasm, { type Dataset, type File, type Group } from "h5wasm/node";
import { StageError } from "../../contract/stage.js";

export type { Dataset, File, Group };

/**
 * Opens an HDF5 file, works with it and closes it.
 *
 * @throws StageError for a file that is none
 */
export async function withH5<T>(path: string, mode: "r" | "w", work: (file: File) => T): Promise<T> {
  const module = await h5wasm.ready;
  // Else HDF5 prints what went wrong and goes on.
  module.activate_throwing_error_handler();
  const file = open(path, mode);
  try {
    return work(file);
  } finally {
    file.close();
  }
}

function open(path: string, mode: "r" | "w"): File {
  if (mode === "r" && !existsSync(path)) throw unreadable(path, "there is no such file");
  try {
    return new h5wasm.File(path, mode);
  } catch (error) {
    if (mode === "w") throw new Error(`cannot write ${path}: ${cause(error)}`);
    throw unreadable(path, cause(error));
  }
}

function unreadable(path: string, why: string): StageError {
  return new StageError(`${path} cannot be read as an HDF5 file: ${why}`, {
    class: "bad-weights",
    hint: "expected what Keras writes with model.save_weights() or model.save() under a name that ends in .h5",
  });
}

/** The innermost message of HDF5's error stack, which goes from the outside in. */
function cause(error: unknown): string {
  const messages = [...String((error as Error).message).matchAll(/ in \w+\(\): (.*)/g)].map(
    ([, text]) => text!,
  );
  return messages.at(-1) ?? String((error as Error).message);
}

/** An entity that must be a group. */
export function groupOf(parent: Group, name: string): Group | undefined {
  const found = parent.get(name);
  return found instanceof h5wasm.Group ? found : undefined;
}

export function datasetOf(parent: Group, name: string): Dataset | undefined {
  const found = parent.get(name);
  return found instanceof h5wasm.Dataset ? found : undefined;
}

/** A text attribute or none. */
export function textAttribute(group: Group, name: string): string | undefined {
  const value = group.attrs[name]?.value;
  return typeof value === "string" ? value : undefined;
}

/** A list of texts; Keras cuts one that is too long for an attribute into `name0`, `name1`, … */
export function listAttribute(group: Group, name: string): string[] | undefined {
  const { attrs } = group;
  const texts = (key: string) => [...((attrs[key]?.value ?? []) as Iterable<unknown>)].map(String);
  if (attrs[name]) return texts(name);
  if (!attrs[`${name}0`]) return undefined;
  const parts: string[] = [];
  for (let i = 0; attrs[`${name}${i}`]; i++) parts.push(...texts(`${name}${i}`));
  return parts;
}

/** Whether a data set's numbers can be read. */
export function isFloat({ dtype }: Dataset): boolean {
  return typeof dtype === "string" && /^[<>|]?[fd]$/.test(dtype);
}

/** Rows of a data set of numbers. */
export function readRows(dataset: Dataset, start: number, end: number): Float32Array {
  const others = (dataset.shape ?? []).slice(1).map((): [] => []);
  return Float32Array.from(dataset.slice([[start, end], ...others]) as Float32Array | Float64Array);
}
