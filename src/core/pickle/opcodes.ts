import { type Cursor, float, quoted, rawUnicode, wholeNumber } from "./cursor.js";
import { globalNamed } from "./globals.js";
import type { Machine } from "./machine.js";
import { broken, refused } from "./values.js";

/** What an opcode does; its argument, if it has one, is read from the cursor. */
export type Step = (machine: Machine, cursor: Cursor) => void;

const tuple = (items: unknown[]) => Object.freeze(items);

/** Names and meanings as in Python's Lib/pickletools.py. */
const STEPS: Readonly<Record<string, Step>> = {
  "\x80": (_, c) => checkProtocol(c.byte()),
  "\x95": (_, c) => checkFrame(c.uint64(), c.left),
  "(": (m) => m.mark(),
  "0": (m) => m.discard(),
  "1": (m) => void m.popMark(),
  "2": (m) => m.push(m.top()),
  // Numbers
  N: (m) => m.push(null),
  "\x88": (m) => m.push(true),
  "\x89": (m) => m.push(false),
  I: (m, c) => m.push(integerLine(c.line())),
  L: (m, c) => m.push(wholeNumber(c.line())),
  K: (m, c) => m.push(c.byte()),
  M: (m, c) => m.push(c.uint16()),
  J: (m, c) => m.push(c.int32()),
  "\x8a": (m, c) => m.push(c.long(c.byte())),
  "\x8b": (m, c) => m.push(c.long(c.int32())),
  F: (m, c) => m.push(float(c.line())),
  G: (m, c) => m.push(c.double()),
  // Text. Python 2's own strings are bytes; as Latin-1 they lose nothing.
  V: (m, c) => m.create(rawUnicode(c.line())),
  X: (m, c) => m.create(c.utf8(c.uint32())),
  "\x8c": (m, c) => m.create(c.utf8(c.byte())),
  "\x8d": (m, c) => m.create(c.utf8(c.uint64())),
  S: (m, c) => m.create(quoted(c.line())),
  T: (m, c) => m.create(c.latin1(c.int32())),
  U: (m, c) => m.create(c.latin1(c.byte())),
  // Bytes
  C: (m, c) => m.create(c.take(c.byte())),
  B: (m, c) => m.create(c.take(c.uint32())),
  "\x8e": (m, c) => m.create(c.take(c.uint64())),
  "\x96": (m, c) => m.create(c.take(c.uint64())),
  "\x98": () => {}, // READONLY_BUFFER: all are.
  // Tuples, lists, dicts
  ")": (m) => m.create(tuple([])),
  t: (m) => m.create(tuple(m.popMark())),
  "\x85": (m) => m.create(tuple(m.pop(1))),
  "\x86": (m) => m.create(tuple(m.pop(2))),
  "\x87": (m) => m.create(tuple(m.pop(3))),
  "]": (m) => m.create([]),
  l: (m) => m.create(m.popMark()),
  a: (m) => m.append(m.pop(1)),
  e: (m) => m.append(m.popMark()),
  "}": (m) => m.create(new Map()),
  d(m) {
    const items = m.popMark();
    m.create(new Map());
    m.setItems(items);
  },
  s: (m) => m.setItems(m.pop(2)),
  u: (m) => m.setItems(m.popMark()),
  // Values that come again
  p: (m, c) => m.remember(wholeNumber(c.line())),
  q: (m, c) => m.remember(c.byte()),
  r: (m, c) => m.remember(c.uint32()),
  "\x94": (m) => m.remember(m.remembered),
  g: (m, c) => m.recall(wholeNumber(c.line())),
  h: (m, c) => m.recall(c.byte()),
  j: (m, c) => m.recall(c.uint32()),
  // Calls
  c: (m, c) => m.create(globalNamed(c.line(), c.line())),
  "\x93"(m) {
    const [module, name] = m.pop(2);
    if (typeof module !== "string" || typeof name !== "string")
      throw broken("it names a function by no text");
    m.create(globalNamed(module, name));
  },
  R: (m) => m.reduce(),
  b: (m) => m.build(),
  // Ways to run code or to reach outside the file
  i: refuse("an instance of a class (INST)"),
  o: refuse("an instance of a class (OBJ)"),
  "\x81": refuse("an instance of a class (NEWOBJ)"),
  "\x92": refuse("an instance of a class (NEWOBJ_EX)"),
  P: refuse("an object kept elsewhere (PERSID)"),
  Q: refuse("an object kept elsewhere (BINPERSID)"),
  "\x82": refuse("an extension (EXT1)"),
  "\x83": refuse("an extension (EXT2)"),
  "\x84": refuse("an extension (EXT4)"),
  "\x8f": refuse("a set"),
  "\x90": refuse("a set"),
  "\x91": refuse("a frozenset"),
  "\x97": refuse("bytes kept outside the file (NEXT_BUFFER)"),
};

/** By opcode, 0 to 255; undefined for what is none. STOP is the machine's own. */
export const OPCODES: readonly (Step | undefined)[] = Array.from(
  { length: 256 },
  (_, code) => STEPS[String.fromCharCode(code)],
);

/** The newest protocol (Python 3.8). */
const NEWEST = 5;

function checkProtocol(protocol: number): void {
  if (protocol > NEWEST) throw broken(`it is of protocol ${protocol}, and the newest known is ${NEWEST}`);
}

/** What a frame claims is there, or the file was cut. */
function checkFrame(length: number, left: number): void {
  if (length > left) throw broken(`it is cut off: a frame of ${length} bytes has ${left}`);
}

/** Protocol 0 writes True as 01 and False as 00. */
function integerLine(line: string): number | bigint | boolean {
  return line === "01" ? true : line === "00" ? false : wholeNumber(line);
}

function refuse(what: string): Step {
  return () => {
    throw refused(what);
  };
}
