import { closeSync, openSync, statSync } from "node:fs";
import { StageError } from "../../contract/stage.js";
import { readInto } from "../../core/files.js";
import type { TensorEntry } from "../tensor-file.js";
import { type StoredLayers, type StoredWeight, splitName } from "./stored.js";

/**
 * The layers of weights that lie one after the other as float32, little endian, in files that count as one.
 *
 * @param entries named `<layer>/<weight>`, the weights of a layer in Keras's order
 * @throws StageError where the files are too short
 */
export function binaryLayers(entries: readonly TensorEntry[], files: readonly string[]): StoredLayers {
  const read = reader(files);
  const layers = new Map<string, StoredWeight[]>();
  for (const { name: full, shape, offset } of entries) {
    const [layer, name] = splitName(full);
    const width = shape.slice(1).reduce((a, b) => a * b, 4);
    const readRows = (start: number, end: number) => {
      const bytes = read(offset + start * width, (end - start) * width);
      return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    };
    layers.set(layer, [...(layers.get(layer) ?? []), { name, shape, readRows }]);
  }
  return layers;
}

/** Reads bytes of several files by their place in all of them together. */
function reader(files: readonly string[]): (offset: number, length: number) => Uint8Array {
  let total = 0;
  const parts = files.map((path) => {
    const start = total;
    total += statSync(path).size;
    return { path, start, end: total };
  });
  return (offset, length) => {
    if (offset + length > total) {
      throw new StageError(`the model's weights are cut off: ${total} bytes`, {
        class: "bad-model",
        hint: "export or train the model again",
      });
    }
    const bytes = new Uint8Array(length);
    for (const { path, start, end } of parts) {
      const from = Math.max(offset, start);
      const to = Math.min(offset + length, end);
      if (from < to) readAt(path, from - start, bytes.subarray(from - offset, to - offset));
    }
    return bytes;
  };
}

function readAt(path: string, position: number, into: Uint8Array): void {
  const fd = openSync(path, "r");
  try {
    if (readInto(fd, position, into) < into.length)
      throw new Error(`${path} became shorter while it was read`);
  } finally {
    closeSync(fd);
  }
}
