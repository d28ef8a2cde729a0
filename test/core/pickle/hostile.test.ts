import assert from "node:assert/strict";
import { test } from "node:test";
import type { StageError } from "../../../src/core/errors.js";
import { readPickle } from "../../../src/core/pickle/read.js";
import { PAIRS, type Part, program } from "./pickles.js";

/** Class and message of the error that a pickle gives. */
function refusal(...parts: readonly Part[]): string {
  try {
    const value = readPickle(program(...parts));
    return `read ${typeof value}`;
  } catch (error) {
    const { options, message } = error as StageError;
    return `${options?.class}: ${message}`;
  }
}

test("a pickle that would run a program is refused by the program's name", () => {
  // What pickle writes of an object whose __reduce__ is (os.system, ("id",)), in protocols 0 and 4.
  assert.match(refusal("cposix\nsystem\n(S'id'\ntR."), /^refused-pickle: .*posix\.system/);
  assert.match(
    refusal("\x80\x04\x8c", 5, "posix\x8c", 6, "system\x93\x8c", 2, "id\x85R."),
    /^refused-pickle: .*posix\.system/,
  );
  for (const name of ["builtins\neval", "builtins\ngetattr", "__builtin__\napply", "subprocess\nPopen"]) {
    assert.match(refusal("c", name, "\n(tR."), /^refused-pickle: /, name);
  }
  assert.match(refusal("cnumpy\nload\n."), /numpy\.load/);
  assert.match(refusal("cnumpy.core.multiarray\n_reconstruct\n(cnumpy\ndtype\n(I0\ntC\x01btR."), /subclass/);
});

test("every way to an instance, an extension or something outside the file is refused", () => {
  const ways = [
    "(iposix\nsystem\n.",
    "(o.",
    "N)\x81.",
    "N)}\x92.",
    "P1\n.",
    "NQ.",
    "\x82\x01.",
    "\x8f.",
    "(\x91.",
    "\x97.",
  ];
  for (const way of ways) assert.match(refusal(way), /^refused-pickle: /, JSON.stringify(way));
  assert.match(refusal("N)R."), /^refused-pickle: .*call of what is no function/);
  assert.match(refusal("]}b."), /^refused-pickle: .*state/);
  assert.match(refusal("cnumpy\nndarray\n)R."), /^refused-pickle: /);
  assert.match(refusal("cnumpy\ndtype\n."), /function or type as a value/);
  assert.match(refusal("]cnumpy\ndtype\na."), /function or type as a value/);
});

test("object arrays, records and strings of numpy are refused", () => {
  for (const code of ["O8", "V4", "S3", "U1", "M8"]) {
    assert.match(
      refusal("cnumpy\ndtype\n(X", 2, 0, 0, 0, code, "tR."),
      /^refused-pickle: .*numpy type/,
      code,
    );
  }
});

test("no length is believed", () => {
  const huge = Buffer.alloc(8, 0xff);
  assert.match(refusal("\x8e", huge, "."), /^broken-pickle: .*claims/);
  assert.match(
    refusal("\x96\x00\x00\x00\x00\x00\x01\x00\x00."),
    /claims 1099511627776 bytes more, and there are 1/,
  );
  assert.match(refusal("B\xff\xff\xff\x7f."), /claims/);
  assert.match(refusal("T\xff\xff\xff\xff."), /claims -1 bytes/);
  assert.match(refusal("\x8b\xff\xff\xff\x7f."), /^broken-pickle: /);
  assert.match(refusal("\x95", huge, "."), /cut off/);
  assert.match(refusal("L", "9".repeat(100_000), "\n."), /no number/);
  const pair = Buffer.from(PAIRS[5]!, "base64").toString("latin1");
  // The shape (2, 2, 3) becomes (2, 255, 3).
  assert.match(
    refusal(pair.replace("K\x02K\x02K\x03\x87", "K\x02K\xffK\x03\x87")),
    /shape \(2, 255, 3\).* holds 12 bytes/,
  );
});

test("a file that was cut off anywhere is said to be broken, never read and never a crash", () => {
  for (const pickled of PAIRS) {
    const whole = Buffer.from(pickled, "base64");
    for (let length = 0; length < whole.length; length++) {
      assert.match(
        refusal(whole.subarray(0, length)),
        /^broken-pickle: /,
        `${length} of ${whole.length} bytes`,
      );
    }
  }
});

test("one flipped byte gives a value or an error of ours", () => {
  for (const pickled of PAIRS) {
    const whole = Buffer.from(pickled, "base64");
    for (let at = 0; at < whole.length; at++) {
      for (const flip of [0x01, 0x80, 0xff]) {
        const bytes = Buffer.from(whole);
        bytes[at] = bytes[at]! ^ flip;
        assert.match(
          refusal(bytes),
          /^(read|broken-pickle|refused-pickle|too-large)/,
          `byte ${at} ^ ${flip}`,
        );
      }
    }
  }
});

test("values that hold themselves, or are too deep, are refused without a stack overflow", () => {
  assert.match(refusal("]q\x00h\x00a."), /holds itself/);
  assert.match(refusal("]q\x00(h\x00ta."), /holds itself/);
  assert.match(refusal("}q\x00K\x01h\x00s."), /holds itself/);
  assert.match(refusal("]".repeat(200_000), "a".repeat(199_999), "."), /deep/);
  assert.match(refusal("(".repeat(200_000), "t".repeat(200_000), "."), /deep/);
});

test("a few bytes build no giant", () => {
  // Ten lists, each ten times the one before: shared, not copied.
  const laughs =
    "]q\x00(" +
    "K\x01".repeat(10) +
    "e" +
    Array.from(
      { length: 9 },
      (_, i) => `]q${String.fromCharCode(i + 1)}(${`h${String.fromCharCode(i)}`.repeat(10)}e`,
    ).join("");
  assert.match(refusal("(", laughs, "t."), /^read /);
  // The same text to bytes again and again.
  const text = program(
    "X",
    0,
    0,
    1,
    0,
    "x".repeat(65536),
    "q\x00X",
    6,
    0,
    0,
    0,
    "latin1q\x01c_codecs\nencode\nq\x02(",
  );
  assert.match(refusal(text, "h\x02h\x00h\x01\x86R".repeat(1000), "t."), /again and again/);
  assert.match(refusal("(", "]".repeat(9_000_000), "t."), /^too-large: /);
});

test("values that are not there are neither taken nor recalled", () => {
  for (const wrong of [
    ".",
    "NN.",
    "(.",
    "N(t.0",
    "a.",
    "h\x00.",
    "g99\n.",
    "j\xff\xff\xff\xff.",
    "p-1\n.",
    "t.",
    "(NNu.",
    "N)a.",
    ")Na.",
    "}(Nu.",
  ]) {
    assert.match(refusal(wrong), /^broken-pickle: /, JSON.stringify(wrong));
  }
  assert.match(refusal("})Ns."), /^refused-pickle: .*keys/);
  assert.match(refusal("\x80\x06N."), /protocol 6/);
});
