import { StageError } from "../errors.js";
import type { NdArray } from "./ndarray.js";

/**
 * What a pickle may hold here. Lists and tuples are arrays (tuples frozen), dicts are maps, bytes and bytearrays are
 * views into the bytes that were read. A value that stands in two places is one object in both.
 */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | NdArray
  | readonly PickleValue[]
  | ReadonlyMap<PickleValue, PickleValue>;

/** A function or class that a pickle names and that is known here: fit to be called, and no value of its own. */
export class Global {
  constructor(
    readonly name: string,
    /** @throws StageError for arguments that numpy or Python would not have written */
    readonly call: (args: readonly unknown[]) => unknown,
  ) {}
}

const FORMS = "numpy arrays of numbers, lists, tuples, dicts, numbers, strings and bytes";

/** Refuses what would run code, or build what this reader does not know. */
export function refused(what: string): StageError {
  return new StageError(`the pickle asks for ${what}, which is refused`, {
    class: "refused-pickle",
    hint: `a pickle may run any program when it is loaded, so only ${FORMS} are read: save those alone`,
  });
}

/** Bytes that are no pickle, or a broken one. */
export function broken(why: string): StageError {
  return new StageError(`this is no readable pickle: ${why}`, {
    class: "broken-pickle",
    hint: "write it again with pickle.dump, and check that it was copied whole",
  });
}

/** A pickle larger than what may be held. */
export function tooLarge(why: string): StageError {
  return new StageError(`the pickle is too large: ${why}`, {
    class: "too-large",
    hint: "save fewer images in each file, as numpy arrays and not as lists of numbers",
  });
}
