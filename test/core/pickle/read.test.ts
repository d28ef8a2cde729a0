import assert from "node:assert/strict";
import { test } from "node:test";
import { NdArray } from "../../../src/core/pickle/ndarray.js";
import { readPickle } from "../../../src/core/pickle/read.js";
import { PAIRS, program } from "./pickles.js";

test("numpy arrays come out of every protocol alike", () => {
  for (const [protocol, pickled] of PAIRS.entries()) {
    const [x, y] = readPickle(Buffer.from(pickled, "base64")) as readonly NdArray[];
    assert.ok(x instanceof NdArray && y instanceof NdArray, `protocol ${protocol}`);
    assert.deepEqual([x.code, x.shape, y.code, y.shape], ["u1", [2, 2, 3], "f8", [3]]);
    assert.deepEqual(
      x.numbers(),
      Uint8Array.from({ length: 12 }, (_, i) => i),
    );
    assert.deepEqual(y.numbers(), Float64Array.of(0.25, 0, 0.75));
    assert.deepEqual(
      [...x.rows()].map((row) => [row.shape, [...row.numbers()]]),
      [
        [
          [2, 3],
          [0, 1, 2, 3, 4, 5],
        ],
        [
          [2, 3],
          [6, 7, 8, 9, 10, 11],
        ],
      ],
    );
  }
});

test("numpy 1 and Python 2 name things otherwise", () => {
  const [, , protocol2] = PAIRS;
  const old = Buffer.from(protocol2!, "base64")
    .toString("latin1")
    .replaceAll("numpy._core.multiarray", "numpy.core.multiarray");
  const [x] = readPickle(Buffer.from(old, "latin1")) as readonly NdArray[];
  assert.deepEqual(x?.shape, [2, 2, 3]);
  // pickle.dumps(["a\xff", u"\u00e9", 12L, True], 0) by Python 2.7.
  const python2 = "(lp0\nS'a\\xff'\np1\naV\xe9\np2\naL12L\naI01\na.";
  assert.deepEqual(readPickle(Buffer.from(python2, "latin1")), ["a\xff", "é", 12, true]);
});

test("plain values keep their kind", () => {
  // pickle.dumps([None, False, -1, 2**70, 0.5, "é", b"\x00\xff", (), {"k": [1]}], 4) by Python 3.11.
  const pickled = "gASVNwAAAAAAAABdlChOiUr/////igkAAAAAAAAAAEBHP+AAAAAAAACMAsOplEMCAP+UKX2UjAFrlF2USwFhc2Uu";
  const [none, no, minus, large, half, text, bytes, tuple, dict] = readPickle(
    Buffer.from(pickled, "base64"),
  ) as unknown[];
  assert.deepEqual([none, no, minus, large, half, text], [null, false, -1, 2n ** 70n, 0.5, "é"]);
  assert.deepEqual([...(bytes as Uint8Array)], [0, 255]);
  assert.deepEqual(tuple, []);
  assert.deepEqual(dict, new Map([["k", [1]]]));
});

test("byte order, column-major order and half floats are numpy's", () => {
  const dtype = (code: string, order: string) =>
    program(
      "cnumpy\ndtype\n",
      "X",
      2,
      0,
      0,
      0,
      code,
      "\x89\x88\x87R(K",
      3,
      "X",
      1,
      0,
      0,
      0,
      order,
      "NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK",
      0,
      "tb",
    );
  const array = (
    code: string,
    order: string,
    shape: readonly [number, number],
    layout: "C" | "F",
    bytes: number[],
  ) =>
    program(
      "\x80\x05cnumpy._core.numeric\n_frombuffer\n(C",
      bytes.length,
      Uint8Array.from(bytes),
      dtype(code, order),
      "K",
      shape[0],
      "K",
      shape[1],
      "\x86\x8c\x01",
      layout,
      "tR.",
    );
  const numbers = (bytes: Buffer) => (readPickle(bytes) as NdArray).numbers();
  // np.array([[1, 2, 3], [256, 0, -1]], dtype=">i2"), and the same values laid out by column.
  const rows = [0, 1, 0, 2, 0, 3, 1, 0, 0, 0, 255, 255];
  assert.deepEqual(numbers(array("i2", ">", [2, 3], "C", rows)), Int16Array.of(1, 2, 3, 256, 0, -1));
  const columns = [1, 0, 0, 1, 2, 0, 0, 0, 3, 0, 255, 255];
  assert.deepEqual(numbers(array("i2", "<", [2, 3], "F", columns)), Int16Array.of(1, 2, 3, 256, 0, -1));
  // np.array([[1, -2], [6.103515625e-05, 5.960464477539063e-08], [65504, inf]], dtype=np.float16): IEEE 754.
  const halves = [0x00, 0x3c, 0x00, 0xc0, 0x00, 0x04, 0x01, 0x00, 0xff, 0x7b, 0x00, 0x7c];
  assert.deepEqual(
    numbers(array("f2", "<", [3, 2], "C", halves)),
    Float32Array.of(1, -2, 2 ** -14, 2 ** -24, 65504, Number.POSITIVE_INFINITY),
  );
});
