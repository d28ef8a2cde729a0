import { StageError } from "../contract/stage.js";
import { readPickleFile } from "../core/pickle/file.js";
import { NdArray } from "../core/pickle/ndarray.js";
import type { PickleValue } from "../core/pickle/values.js";

/** A picture of a seed file. */
export interface SeedImage {
  /** RGB bytes, [height, width, 3]. */
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** The teacher's scores by output unit, in [0, 1]; undefined where the file holds none (y is None). */
  readonly scores: Float64Array | undefined;
}

/**
 * Reads a data file of keras-distillation: `pickle.dumps((X, y))`, gzipped or not. X is one picture, [height, width, 3],
 * or several, [n, height, width, 3] or a list; y its scores, [tags] or [n, tags]. Pixels are whole numbers from 0 to
 * 255, or floats: from 0 to 1 where none of a file's is above 1 (that is how its README makes them), else to 255.
 *
 * @throws StageError for a pickle that is broken, refused, or something else than that
 */
export async function readSeedFile(path: string): Promise<readonly SeedImage[]> {
  const value = await readPickleFile(path);
  if (!Array.isArray(value) || value.length !== 2) throw unlike("it holds no pair (X, y)");
  const [x, y] = value as readonly PickleValue[];
  const single = depthOf(x) === 3;
  const pictures = single ? [x!] : membersOf(x!, "X");
  const scores = y === null ? undefined : single ? [y!] : membersOf(y!, "y");
  if (pictures.length === 0) throw unlike("it holds no picture");
  if (scores && scores.length !== pictures.length) {
    throw unlike(`X holds ${pictures.length} pictures and y ${scores.length} rows`);
  }
  const scale = scaleOf(pictures);
  return pictures.map((picture, i) => ({
    ...pixelsOf(picture, scale),
    scores: scores && scoresOf(scores[i]!),
  }));
}

/** Of the whole file, so that a dark picture among others is not made bright. */
function scaleOf(pictures: readonly PickleValue[]): number {
  let fractions = false;
  for (const picture of pictures) {
    const { values } = numbersOf(picture, 3);
    if (values instanceof Uint8Array) continue;
    if (values.some((value) => value > 1)) return 1;
    fractions ||= hasFractions(picture);
  }
  return fractions ? 255 : 1;
}

/** Floats by their type; of numbers in lists, by their values. */
function hasFractions(value: PickleValue): boolean {
  if (value instanceof NdArray) return value.code.startsWith("f");
  return Array.isArray(value) ? value.some(hasFractions) : !Number.isInteger(value);
}

function unlike(why: string): StageError {
  return new StageError(`this is no data file of the seed's format: ${why}`, {
    class: "no-seed-file",
    hint: "it is pickle.dumps((X, y)), gzipped or not: X a picture [height, width, 3] or several, y the scores of its tags",
  });
}

/** How many indexes lead to a number; of lists, by their first members. */
function depthOf(value: PickleValue | undefined): number {
  if (value instanceof NdArray) return value.shape.length;
  return Array.isArray(value) ? 1 + depthOf(value[0]) : 0;
}

function membersOf(value: PickleValue, name: string): readonly PickleValue[] {
  if (Array.isArray(value)) return value;
  if (value instanceof NdArray && value.shape.length > 1) return [...value.rows()];
  throw unlike(`${name} is neither an array nor a list`);
}

function pixelsOf(value: PickleValue, scale: number): Omit<SeedImage, "scores"> {
  const { shape, values } = numbersOf(value, 3);
  const [height = 0, width = 0, channels] = shape;
  if (channels !== 3 || width === 0 || height === 0) {
    throw unlike(`a picture of it is [${shape.join(", ")}] and not [height, width, 3]`);
  }
  return { pixels: toBytes(values, scale), width, height };
}

function scoresOf(value: PickleValue): Float64Array {
  const { values } = numbersOf(value, 1);
  const wrong = values.findIndex((score) => !(score >= 0 && score <= 1));
  if (wrong >= 0) throw unlike(`the score of tag ${wrong} is ${values[wrong]}, and not from 0 to 1`);
  return Float64Array.from(values);
}

type Values = Uint8Array | Float32Array | Float64Array;

/** An array or nested lists as one row of numbers, bytes where they are that. */
function numbersOf(value: PickleValue, depth: number): { shape: readonly number[]; values: Values } {
  if (depthOf(value) !== depth) throw unlike(`it is nested ${depthOf(value)} deep where ${depth} is meant`);
  if (value instanceof NdArray) {
    const numbers = value.numbers();
    const plain = numbers instanceof Uint8Array || numbers instanceof Float32Array;
    return {
      shape: value.shape,
      values: plain ? numbers : Float64Array.from(numbers as ArrayLike<number>, Number),
    };
  }
  const rows = value as readonly PickleValue[];
  if (depth === 1) {
    if (!rows.every((row) => typeof row === "number")) throw unlike("it holds other than numbers");
    return { shape: [rows.length], values: Float64Array.from(rows as readonly number[]) };
  }
  const parts = rows.map((row) => numbersOf(row, depth - 1));
  const shape = parts[0]!.shape;
  if (parts.some((part) => part.shape.join() !== shape.join())) throw unlike("its rows differ in length");
  const length = parts[0]!.values.length;
  const values = new Float64Array(rows.length * length);
  for (const [at, part] of parts.entries()) values.set(part.values, at * length);
  return { shape: [rows.length, ...shape], values };
}

function toBytes(values: Values, scale: number): Uint8Array {
  if (values instanceof Uint8Array) return values;
  return Uint8Array.from(values, (value) => {
    const level = Math.round(value * scale);
    if (!(level >= 0 && level <= 255)) throw unlike(`a pixel is ${value}`);
    return level;
  });
}
