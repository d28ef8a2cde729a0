import { exact } from "./cursor.js";
import { itemBytes, NdArray } from "./ndarray.js";
import { broken, Global, refused } from "./values.js";

/** numpy allows 64 dimensions. */
const MOST_DIMENSIONS = 64;

/** A dtype under construction: the constructor gives the code, its state the byte order. */
export class Dtype {
  bigEndian = false;

  constructor(readonly code: string) {}

  /** numpy's state: (version, byte order, subdtype, names, fields, item size, alignment, flags). */
  setState(state: unknown): void {
    const parts = tupleOf(state, "a dtype's state");
    const [version, order, subtype, names, fields] = parts;
    if (typeof version !== "number" || version < 3 || parts.length < 7)
      throw broken("a dtype's state is of an unknown form");
    if (subtype !== null || names !== null || fields !== null)
      throw refused("a numpy record or sub-array type");
    if (order !== "<" && order !== ">" && order !== "|" && order !== "=")
      throw broken("a dtype without a byte order");
    this.bigEndian = order === ">";
  }
}

/** Fills an array that was made empty; numpy's state: (version, shape, dtype, is Fortran, bytes). */
export function fillArray(array: NdArray, state: unknown): void {
  const parts = tupleOf(state, "an array's state");
  const [, shape, type, fortran, data] = parts;
  if (parts.length !== 5) throw broken("an array's state is of an unknown form");
  array.become(ndarray(type, shape, fortran === true || fortran === 1, data));
}

function tupleOf(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw broken(`${what} is no tuple`);
}

/** @throws StageError where shape, type and number of bytes do not agree */
function ndarray(type: unknown, shape: unknown, fortran: boolean, data: unknown): NdArray {
  if (!(type instanceof Dtype)) throw broken("an array without a dtype");
  if (!Array.isArray(shape) || shape.length > MOST_DIMENSIONS) throw broken("an array without a shape");
  for (const length of shape) {
    if (!Number.isSafeInteger(length) || length < 0)
      throw broken(`an array's shape is (${shape.join(", ")})`);
  }
  // Python 2 wrote bytes as its own strings, which are read as Latin-1.
  const bytes = typeof data === "string" ? Buffer.from(data, "latin1") : data;
  if (!(bytes instanceof Uint8Array)) throw refused("an array of objects, or one whose bytes lie elsewhere");
  const array = new NdArray(type.code, type.bigEndian, [...shape], fortran, bytes);
  if (array.size * itemBytes(type.code)! !== bytes.length) {
    throw broken(`an array of shape (${shape.join(", ")}) and type ${type.code} holds ${bytes.length} bytes`);
  }
  return array;
}

function dtype(args: readonly unknown[]): Dtype {
  const [code] = args;
  if (typeof code !== "string") throw broken("a dtype without a name");
  const plain = code.replace(/^[<>|=]/, "");
  if (itemBytes(plain) === undefined) throw refused(`the numpy type ${JSON.stringify(code.slice(0, 40))}`);
  const made = new Dtype(plain);
  made.bigEndian = code.startsWith(">");
  return made;
}

function scalar(args: readonly unknown[]): unknown {
  const [type, data] = args;
  const [value] = ndarray(type, [1], false, data).numbers();
  if (type instanceof Dtype && type.code === "b1") return value === 1;
  return typeof value === "bigint" ? exact(value) : value;
}

/** bytes → text → bytes: how Python 3 writes bytes in protocols 0 to 2. */
function encode(args: readonly unknown[]): Uint8Array {
  const [text, encoding] = args;
  if (typeof text !== "string" || !/^latin-?1$|^iso-?8859-1$/i.test(String(encoding))) {
    throw refused(`_codecs.encode to ${JSON.stringify(encoding)}`);
  }
  return Buffer.from(text, "latin1");
}

/** bytes() or bytearray(b"…"). */
function bytes(args: readonly unknown[]): Uint8Array {
  if (args.length === 0) return new Uint8Array(0);
  const [value, encoding] = args;
  if (value instanceof Uint8Array && args.length === 1) return value;
  if (typeof value === "string") return encode([value, encoding]);
  throw broken("bytes of something that is none");
}

function notCallable(name: string) {
  return (): never => {
    throw refused(`a call of ${name}`);
  };
}

const ndarrayClass = new Global("numpy.ndarray", notCallable("numpy.ndarray"));

/** _reconstruct(ndarray, (0,), b"b"): an empty array, to be filled by its state. */
function reconstruct(args: readonly unknown[]): NdArray {
  if (args[0] !== ndarrayClass) throw refused("a subclass of numpy.ndarray");
  return new NdArray("u1", false, [0], false, new Uint8Array(0));
}

/** _frombuffer(buffer, dtype, shape, order): arrays of protocol 5. */
function fromBuffer([data, type, shape, order]: readonly unknown[]): NdArray {
  return ndarray(type, shape, order === "F", data);
}

/** Names in pickles by Python 3, Python 2, numpy 1 and numpy 2. Nothing else is ever looked up, here or anywhere. */
const GLOBALS: ReadonlyMap<string, Global> = new Map(
  [
    ndarrayClass,
    new Global("numpy.dtype", dtype),
    ...["numpy.core", "numpy._core"].flatMap((core) => [
      new Global(`${core}.multiarray._reconstruct`, reconstruct),
      new Global(`${core}.multiarray.scalar`, scalar),
      new Global(`${core}.numeric._frombuffer`, fromBuffer),
    ]),
    new Global("_codecs.encode", encode),
    ...["builtins", "__builtin__"].flatMap((module) => [
      new Global(`${module}.bytes`, bytes),
      new Global(`${module}.bytearray`, bytes),
    ]),
  ].map((global) => [global.name, global]),
);

/** @throws StageError for all but the few that make arrays and bytes */
export function globalNamed(module: string, name: string): Global {
  const full = `${module}.${name}`;
  const found = GLOBALS.get(full);
  if (found) return found;
  throw refused(full.length > 80 ? `${full.slice(0, 80)}…` : full);
}
