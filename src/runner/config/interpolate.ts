import { nearest, suggest } from "./nearest.js";
import type { ConfigProblem } from "./pipeline.js";
import { type Place, problemAt } from "./source.js";
import {
  broken,
  child,
  type Entry,
  entriesOf,
  listValue,
  MAX_VALUES,
  mapValue,
  type Scalar,
  scalar,
  type Value,
} from "./tree.js";

/** `$${` stands for `${`; `${…}` is a reference; a `${` that nothing closes is caught as one too. */
const REFERENCE = /\$\$\{|\$\{([^}]*)(\}?)/g;
const MAX_TEXT = 1 << 16;
/** Values that may be under way at once, one within or behind the other. */
const MAX_STEPS = 500;

/**
 * Replaces `${params.x}` in values. A reference that is the whole text keeps the param's type; within text, the
 * param must be a plain value. Params may refer to params; a cycle is named along its path.
 */
export class Interpolator {
  readonly problems: ConfigProblem[] = [];
  private readonly done = new Map<Value, Value>();
  private readonly open: { readonly value: Value; readonly name: string }[] = [];

  constructor(private readonly params: Value | undefined) {}

  /** @param name what the value is called in the message about a cycle: "params.size" */
  resolve(value: Value, name: string): Value {
    const known = this.done.get(value);
    if (known) return known;
    const from = this.open.findIndex((entry) => entry.value === value);
    if (from >= 0) return this.refuseCycle(value.at, from, name);
    if (this.open.length > MAX_STEPS) return this.refuse(value.at, "references lead through too many params");
    this.open.push({ value, name });
    const resolved = this.limited(this.inside(value, name));
    this.open.pop();
    this.done.set(value, resolved);
    return resolved;
  }

  private inside(value: Value, name: string): Value {
    if (value.kind === "list") {
      return listValue(
        value.at,
        value.items.map((item, i) => this.resolve(item, `${name}.${i}`)),
      );
    }
    if (value.kind === "map") {
      const entries = new Map<string, Entry>();
      for (const [key, entry] of value.entries) {
        entries.set(key, { key: entry.key, value: this.resolve(entry.value, `${name}.${key}`) });
      }
      return mapValue(value.at, entries);
    }
    return typeof value.value === "string" && value.value.includes("${")
      ? this.text(value, value.value)
      : value;
  }

  private text(node: Scalar, text: string): Value {
    const whole = /^\$\{([^}]*)\}$/.exec(text);
    if (whole) {
      const found = this.lookup(whole[1]!, node.at);
      return found
        ? { ...found, at: node.at, from: { name: whole[1]!.trim(), at: found.at } }
        : broken(node.at);
    }
    let failed = false;
    let length = 0;
    const out = text.replace(REFERENCE, (match, inner: string | undefined, close: string | undefined) => {
      if (failed || match === "$${") return "${";
      const part = close === "" ? this.refuseOpen(node.at, inner!) : this.inText(inner!, node.at);
      length += part?.length ?? 0;
      if (length > MAX_TEXT) this.refuse(node.at, `the text grows beyond ${MAX_TEXT} characters`);
      failed = part === undefined || length > MAX_TEXT;
      return part ?? "";
    });
    return failed ? broken(node.at) : scalar(node.at, out);
  }

  private inText(inner: string, at: Place): string | undefined {
    const found = this.lookup(inner, at);
    if (!found || (found.kind === "scalar" && found.broken)) return undefined;
    if (found.kind === "scalar" && found.value !== null) return String(found.value);
    const what = found.kind === "scalar" ? "null" : `a ${found.kind === "map" ? "mapping" : "list"}`;
    this.refuse(
      this.narrow(at, inner),
      `\${${inner}} is ${what}: it cannot stand within text`,
      "let it be the whole value",
    );
    return undefined;
  }

  private lookup(inner: string, whole: Place): Value | undefined {
    const at = this.narrow(whole, inner);
    const words = inner.trim().split(".");
    if (words[0] !== "params" || words.length < 2) {
      const other = `only \${params.<name>} is known; write $\${${inner}} for the characters themselves`;
      this.refuse(at, `\${${inner}} refers to nothing`, this.paramMeant(words) ?? other);
      return undefined;
    }
    let value = this.params;
    for (let i = 1; i < words.length; i++) {
      // A param on the way may itself be a reference to a mapping.
      const holder = i > 1 && value ? this.resolve(value, words.slice(0, i).join(".")) : value;
      if (holder?.kind === "scalar" && holder.broken) return undefined;
      const next = child(holder, words[i]!);
      if (!next) {
        const name = words.slice(0, i + 1).join(".");
        const names = [...entriesOf(holder).keys()].sort();
        const hint = suggest(words[i]!, names);
        this.refuse(at, `there is no ${name}`, hint);
        return undefined;
      }
      value = next;
    }
    const resolved = value && this.resolve(value, words.join("."));
    return resolved?.kind === "scalar" && resolved.broken ? undefined : resolved;
  }

  /** `${size}` was meant to be `${params.size}`; `${env.HOME}` was not meant to be any param. */
  private paramMeant(words: readonly string[]): string | undefined {
    const [word = ""] = words;
    if (words.length > 1) return undefined;
    const names = [...entriesOf(this.params).keys()];
    const name = names.includes(word) ? word : nearest(word, names);
    return name === undefined ? undefined : `did you mean \${params.${name}}?`;
  }

  private limited(value: Value): Value {
    if (value.size <= MAX_VALUES) return value;
    return this.refuse(value.at, `references expand to more than ${MAX_VALUES} values`);
  }

  private refuseCycle(at: Place, from: number, name: string): Value {
    const names = [...this.open.slice(from).map((entry) => entry.name), name];
    return this.refuse(at, `params refer to each other in a circle: ${names.join(" -> ")}`);
  }

  private refuseOpen(at: Place, inner: string): undefined {
    const shown = inner.length > 20 ? `${inner.slice(0, 20)}…` : inner;
    this.refuse(
      this.narrow(at, inner),
      `\${${shown} has no closing }`,
      "write $${ for the characters themselves",
    );
    return undefined;
  }

  /** The reference itself, where its text can be found; escapes in a quoted text may hide it. */
  private narrow(at: Place, inner: string): Place {
    const start = at.source.text.indexOf(`\${${inner}`, at.start);
    return start >= 0 && start < at.end
      ? { ...at, start, end: Math.min(start + inner.length + 3, at.end) }
      : at;
  }

  private refuse(at: Place, message: string, hint?: string): Value {
    this.problems.push(problemAt(at, message, hint));
    return broken(at);
  }
}
