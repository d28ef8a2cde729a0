import { Cursor } from "./cursor.js";
import { Machine } from "./machine.js";
import { NdArray } from "./ndarray.js";
import { OPCODES } from "./opcodes.js";
import { broken, type PickleValue, refused } from "./values.js";

/** The opcode that ends a pickle: a full stop. */
const STOP = 0x2e;

/** Lists in lists in lists: deeper data would overflow the stack of whoever walks it. */
const DEEPEST = 100;

/**
 * Reads a pickle of protocol 0 to 5 into plain values and refuses all else: no name in it is looked up outside a short
 * list, no length is believed, nothing recurses. Arrays and bytes are views into `bytes`.
 *
 * @throws StageError of class `refused-pickle`, `broken-pickle` or `too-large`
 */
export function readPickle(bytes: Uint8Array): PickleValue {
  const value = run(new Cursor(bytes), bytes.length);
  checkPlain(value);
  return value as PickleValue;
}

function run(cursor: Cursor, size: number): unknown {
  const machine = new Machine(size);
  for (;;) {
    const opcode = cursor.byte();
    if (opcode === STOP) return machine.result();
    const step = OPCODES[opcode];
    if (!step) throw broken(`byte ${cursor.position - 1} is no opcode`);
    step(machine, cursor);
  }
}

/** Sees to it that nothing but plain values is left: no function, and no container that holds itself. */
function checkPlain(root: unknown): void {
  const seen = new Set<object>();
  const path: { readonly container: object; readonly rest: Iterator<unknown> }[] = [];
  const visit = (value: unknown) => {
    if (
      typeof value !== "object" ||
      value === null ||
      value instanceof Uint8Array ||
      value instanceof NdArray
    ) {
      return;
    }
    const rest = membersOf(value);
    if (!rest) throw refused("a function or type as a value");
    if (seen.has(value)) {
      if (path.some(({ container }) => container === value)) throw broken("a list holds itself");
      return;
    }
    if (path.length === DEEPEST) throw broken(`its lists are more than ${DEEPEST} deep`);
    seen.add(value);
    path.push({ container: value, rest });
  };
  visit(root);
  for (let top = path.at(-1); top; top = path.at(-1)) {
    const next = top.rest.next();
    if (next.done) path.pop();
    else visit(next.value);
  }
}

/** Keys of a dict are no containers: the machine sees to that. */
function membersOf(value: object): Iterator<unknown> | undefined {
  if (Array.isArray(value)) return value.values();
  return value instanceof Map ? value.values() : undefined;
}
