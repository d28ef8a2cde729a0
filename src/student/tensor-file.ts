import { createHash } from "node:crypto";
import * as tf from "@tensorflow/tfjs-core";
import { StageError } from "../contract/stage.js";
import type { Sha256 } from "../core/hash.js";

/** Where a tensor's float32 values, little endian, lie in a file of them. */
export interface TensorEntry {
  readonly name: string;
  readonly shape: readonly number[];
  /** In bytes. */
  readonly offset: number;
}

export interface NamedTensor {
  readonly name: string;
  readonly value: tf.Tensor;
}

/** The layout of tensors written one after the other. */
export function layout(tensors: readonly NamedTensor[]): TensorEntry[] {
  let offset = 0;
  return tensors.map(({ name, value }) => {
    const entry = { name, shape: value.shape, offset };
    offset += value.size * 4;
    return entry;
  });
}

/** The bytes of tensors, one buffer each. */
export function* tensorBytes(tensors: readonly NamedTensor[]): Generator<Uint8Array> {
  for (const { value } of tensors) {
    const data = value.dataSync();
    yield new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }
}

/** sha256 of tensors' names, shapes and values. */
export function weightsHash(tensors: readonly NamedTensor[]): Sha256 {
  const hash = createHash("sha256").update(JSON.stringify(layout(tensors)));
  for (const bytes of tensorBytes(tensors)) hash.update(bytes);
  return hash.digest("hex");
}

/** Bytes of tensors, read piece by piece: a file of them may be larger than what Node reads at once. */
export interface TensorSource {
  readonly bytes: number;
  read(offset: number, bytes: number): Uint8Array;
}

/**
 * Sets variables from a file's bytes, by name.
 *
 * @throws StageError if names or shapes differ, or bytes are missing.
 */
export function restore(
  variables: readonly { readonly name: string; readonly value: tf.Variable }[],
  entries: readonly TensorEntry[],
  source: TensorSource,
): void {
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  if (byName.size !== variables.length) {
    throw new StageError(`${byName.size} tensors instead of ${variables.length}`, { class: "bad-weights" });
  }
  for (const { name, value } of variables) {
    const entry = byName.get(name);
    if (!entry || entry.shape.join() !== value.shape.join()) {
      throw new StageError(
        `the weight ${name} is ${entry ? `of shape [${entry.shape}]` : "absent"}; expected [${value.shape}]`,
        { class: "bad-weights" },
      );
    }
    const bytes = value.size * 4;
    if (entry.offset + bytes > source.bytes) {
      throw new StageError(`the weight ${name} is cut off`, { class: "bad-weights" });
    }
    // A copy: a Float32Array must begin at a multiple of 4.
    const data = new Float32Array(new Uint8Array(source.read(entry.offset, bytes)).buffer);
    tf.tidy(() => value.assign(tf.tensor(data, value.shape)));
  }
}
