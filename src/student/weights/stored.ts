import * as tf from "@tensorflow/tfjs-core";
import { StageError } from "../../contract/stage.js";
import type { NamedWeight } from "../network.js";

/** A weight in a file. */
export interface StoredWeight {
  /** As its layer calls it: kernel, bias, gamma, … */
  readonly name: string;
  readonly shape: readonly number[];
  /** The values of the rows from `start` to before `end` along the first axis. */
  readRows(start: number, end: number): Float32Array;
}

/** The weights of a file by layer, each layer's in Keras's order: kernel, bias; gamma, beta, mean, variance. */
export type StoredLayers = ReadonlyMap<string, readonly StoredWeight[]>;

/** Numbers read or written at once: 16 MiB of float32. */
const PIECE = 4 * 2 ** 20;

/** Rows `start` to `end` of a tensor that is dealt with in pieces; the numbers before them are `offset`. */
export interface Piece {
  readonly start: number;
  readonly end: number;
  readonly offset: number;
}

/** A tensor in pieces that memory holds several of. */
export function* pieces([rows = 1, ...rest]: readonly number[]): Generator<Piece> {
  const width = rest.reduce((a, b) => a * b, 1);
  const step = Math.max(1, Math.floor(PIECE / width));
  for (let start = 0; start < rows; start += step) {
    yield { start, end: Math.min(rows, start + step), offset: start * width };
  }
}

function wholeOf(weight: StoredWeight): Float32Array {
  const values = new Float32Array(weight.shape.reduce((a, b) => a * b, 1));
  for (const { start, end, offset } of pieces(weight.shape)) values.set(weight.readRows(start, end), offset);
  return values;
}

/** Layers listed in a message, at most. */
const LISTED = 40;

/**
 * Sets variables from a file: layers by name, the weights of a layer by position, as Keras does.
 *
 * @param weights `<layer>/<weight>`, the weights of a layer in Keras's order
 * @param file what to call it
 * @throws StageError that lists every layer that is missing or of another shape; nothing is set then
 */
export function assign(weights: readonly NamedWeight[], stored: StoredLayers, file: string): void {
  const pairs: [NamedWeight, StoredWeight][] = [];
  const problems: string[] = [];
  for (const [layer, wanted] of byLayer(weights)) {
    const found = stored.get(layer);
    const problem = found ? difference(wanted, found) : "is not in the file";
    if (problem !== undefined) problems.push(`${layer}: ${problem}`);
    else pairs.push(...wanted.map((weight, i): [NamedWeight, StoredWeight] => [weight, found![i]!]));
  }
  if (problems.length > 0) {
    const names = [...stored].filter(([, { length }]) => length > 0).map(([layer]) => layer);
    throw new StageError(
      `the weights of ${file} do not fit the network:\n${listed(problems)
        .map((line) => `  ${line}`)
        .join("\n")}`,
      {
        class: "bad-weights",
        hint: `layers with weights in the file: ${listed(names).join(", ") || "none"}`,
      },
    );
  }
  for (const [{ value }, weight] of pairs) {
    tf.tidy(() => value.assign(tf.tensor(wholeOf(weight), value.shape, "float32")));
  }
}

/** Weights by the layer that their names begin with. */
function byLayer(weights: readonly NamedWeight[]): Map<string, NamedWeight[]> {
  const layers = new Map<string, NamedWeight[]>();
  for (const weight of weights) {
    const [layer] = splitName(weight.name);
    const known = layers.get(layer);
    if (known) known.push(weight);
    else layers.set(layer, [weight]);
  }
  return layers;
}

/** `block1_conv1/kernel` → its layer and its own name. */
export function splitName(name: string): [layer: string, weight: string] {
  const slash = name.lastIndexOf("/");
  return [name.slice(0, slash), name.slice(slash + 1)];
}

function difference(wanted: readonly NamedWeight[], found: readonly StoredWeight[]): string | undefined {
  const name = (weight: NamedWeight) => splitName(weight.name)[1];
  if (wanted.length !== found.length) {
    const names = (weights: readonly string[]) => weights.join(", ") || "no weights";
    return `has ${names(found.map((weight) => weight.name))}, expected ${names(wanted.map(name))}`;
  }
  const unlike = wanted.flatMap((weight, i) => {
    const [is, should] = [found[i]!.shape, weight.value.shape].map((shape) => `[${shape.join(", ")}]`);
    return is === should ? [] : [`${name(weight)} is ${is}, expected ${should}`];
  });
  return unlike.length > 0 ? unlike.join("; ") : undefined;
}

function listed(texts: readonly string[]): string[] {
  const more = texts.length - LISTED;
  return more > 0 ? [...texts.slice(0, LISTED), `… and ${more} more`] : [...texts];
}
