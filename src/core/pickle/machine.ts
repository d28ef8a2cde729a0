import { Dtype, fillArray } from "./globals.js";
import { NdArray } from "./ndarray.js";
import { broken, Global, refused, tooLarge } from "./values.js";

/**
 * What is built of one pickle at most: a list takes some 50 bytes of memory and a single byte of pickle, so that the
 * file's size alone bounds nothing.
 */
const MOST = { objects: 8_000_000, values: 64_000_000 } as const;

/**
 * The memory of the stack machine that a pickle is a program for: a stack with marks, and values by number that come
 * again. It builds data, calls nothing but the few functions of globals.ts, and never recurses.
 *
 * Each method throws StageError where the program is broken, asks for what is refused, or builds too much.
 */
export class Machine {
  private readonly stack: unknown[] = [];
  /** Heights of the stack at which marks stand. */
  private readonly marks: number[] = [];
  private readonly memo = new Map<number, unknown>();
  private objects = 0;
  private values = 0;
  private converted = 0;

  /** @param size bytes of the pickle */
  constructor(private readonly size: number) {}

  /** What is left when the program has ended. */
  result(): unknown {
    if (this.stack.length !== 1 || this.marks.length > 0) throw broken("it leaves other than one value");
    return this.stack[0];
  }

  /** Puts on the stack what costs nothing but its place. */
  push(value: unknown): void {
    if (++this.values > MOST.values) throw tooLarge(`it holds more than ${MOST.values} values`);
    this.stack.push(value);
  }

  /** Puts a new object on the stack. */
  create(value: unknown): void {
    this.countObjects(1);
    this.push(value);
  }

  mark(): void {
    if (++this.values > MOST.values) throw tooLarge(`it holds more than ${MOST.values} values`);
    this.marks.push(this.stack.length);
  }

  top(): unknown {
    this.needs(1);
    return this.stack.at(-1);
  }

  /** Takes values from the stack, the deepest first; none from below a mark. */
  pop(count: number): unknown[] {
    this.needs(count);
    return this.stack.splice(this.stack.length - count);
  }

  /** Takes what lies above the last mark, and the mark. */
  popMark(): unknown[] {
    const mark = this.marks.pop();
    if (mark === undefined) throw broken("it goes back to a mark where there is none");
    const items = this.stack.slice(mark);
    this.stack.length = mark;
    return items;
  }

  /** Python's POP: a mark that lies on top counts as a value. */
  discard(): void {
    if (this.marks.at(-1) === this.stack.length) this.marks.pop();
    else this.pop(1);
  }

  append(items: readonly unknown[]): void {
    const list = this.top();
    // A tuple is frozen.
    if (!Array.isArray(list) || Object.isFrozen(list)) throw broken("it appends to what is no list");
    for (const item of items) list.push(item);
  }

  setItems(items: readonly unknown[]): void {
    const dict = this.top();
    if (!(dict instanceof Map)) throw broken("it sets an item of what is no dict");
    if (items.length % 2 !== 0) throw broken("a dict has a key without a value");
    this.countObjects(items.length / 2);
    for (let at = 0; at < items.length; at += 2) {
      const key = items[at];
      if (typeof key === "object" && key !== null)
        throw refused("a dict whose keys are neither text nor numbers");
      dict.set(key, items[at + 1]);
    }
  }

  /** How many values can come again. */
  get remembered(): number {
    return this.memo.size;
  }

  remember(index: number | bigint): void {
    if (typeof index !== "number" || index < 0) throw broken(`it remembers a value as number ${index}`);
    this.memo.set(index, this.top());
  }

  recall(index: number | bigint): void {
    if (typeof index !== "number" || !this.memo.has(index))
      throw broken(`it recalls value ${index}, which is not there`);
    this.push(this.memo.get(index));
  }

  reduce(): void {
    const [callee, args] = this.pop(2);
    if (!(callee instanceof Global)) throw refused("a call of what is no function");
    if (!Array.isArray(args)) throw broken("a call without its arguments");
    this.countText(args);
    this.create(callee.call(args));
  }

  build(): void {
    const [object, state] = this.pop(2);
    if (Array.isArray(state)) this.countText(state);
    if (object instanceof NdArray) fillArray(object, state);
    else if (object instanceof Dtype) object.setState(state);
    else throw refused("setting the state of an object");
    this.push(object);
  }

  private needs(count: number): void {
    if (this.stack.length - count < (this.marks.at(-1) ?? 0))
      throw broken("it takes a value where there is none");
  }

  /** Text becomes bytes once each: a text that is converted over and over would fill the memory from a few bytes. */
  private countText(values: readonly unknown[]): void {
    for (const value of values) if (typeof value === "string") this.converted += value.length;
    if (this.converted > this.size) throw broken("it converts the same text again and again");
  }

  private countObjects(count: number): void {
    this.objects += count;
    if (this.objects > MOST.objects) throw tooLarge(`it holds more than ${MOST.objects} objects`);
  }
}
