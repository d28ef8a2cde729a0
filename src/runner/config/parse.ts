import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  parseDocument,
  type YAMLError,
  type YAMLMap,
} from "yaml";
import type { ConfigProblem } from "./pipeline.js";
import { type Place, problemAt, type Source } from "./source.js";
import { broken, type Entry, listValue, MAX_VALUES, mapValue, scalar, type Value } from "./tree.js";

/** Keys that would reach into an object's prototype in some program that reads what we write. */
const PROTOTYPE_KEYS = new Set(["__proto__", "constructor", "prototype"]);
const MAX_DEPTH = 64;
/** One slip of indentation makes many errors: the first tell enough. */
const MAX_SYNTAX_ERRORS = 10;
const MAX_PROBLEMS = 1000;

export interface Parsed {
  /** Absent for an empty text, and where the syntax is broken. */
  readonly value?: Value;
  readonly problems: readonly ConfigProblem[];
}

/** Reads YAML 1.2 (core schema, anchors, merge keys) into a tree of values that know their place. */
export function parseYaml(source: Source): Parsed {
  let document: Document.Parsed;
  try {
    document = parseDocument(source.text, {
      uniqueKeys: false,
      stringKeys: true,
      resolveKnownTags: false,
      prettyErrors: false,
      // "silent" would pass over a second document without an error.
      logLevel: "error",
    });
  } catch (error) {
    // The parser recurses on nesting.
    if (!(error instanceof RangeError)) throw error;
    return {
      problems: [problemAt({ source, start: 0, end: 1 }, "the values are nested too deeply to be read")],
    };
  }
  if (document.errors.length > 0) {
    const errors = document.errors.slice(0, MAX_SYNTAX_ERRORS);
    return { problems: errors.map((error) => syntaxProblem(source, error)) };
  }
  const problems = document.warnings.map((warning) => syntaxProblem(source, warning));
  const reader = new Reader(source, problems);
  const value = document.contents === null ? undefined : reader.read(document.contents, 0);
  return value === undefined ? { problems } : { value, problems };
}

function syntaxProblem(source: Source, error: YAMLError): ConfigProblem {
  const place: Place = { source, start: error.pos[0], end: error.pos[1] };
  const say = (message: string, hint?: string) => problemAt(place, message, hint);
  switch (error.code) {
    case "TAB_AS_INDENT":
      return say("a tab stands where YAML wants spaces", "indent with spaces");
    case "MULTIPLE_DOCS":
      return say("a second document begins here", "a pipeline file holds one document: remove the --- line");
    case "TAG_RESOLVE_FAILED":
      return say("a pipeline file holds plain data: tags have no meaning here", "remove the tag");
    case "RESOURCE_EXHAUSTION":
      return say("the values are nested too deeply to be read");
    case "NON_STRING_KEY":
      return say("a key is a plain word here", "quote it if it is meant so");
    default:
      return say(`this is no valid YAML: ${lowerFirst(error.message)}`);
  }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** Turns the parser's nodes into values. Anchors are followed here, with what they expand to counted. */
class Reader {
  private readonly anchors = new Map<string, Value | "open">();
  private expanded = 0;
  private bombReported = false;

  constructor(
    private readonly source: Source,
    private readonly problems: ConfigProblem[],
  ) {}

  read(node: Node, depth: number): Value {
    const at = this.place(node);
    if (depth > MAX_DEPTH) return this.refuse(at, `values are nested more than ${MAX_DEPTH} deep`);
    if (isAlias(node)) return this.alias(node.source, at);
    const anchor = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined;
    if (anchor !== undefined) this.anchors.set(anchor, "open");
    const value = this.plain(node, at, depth);
    if (anchor !== undefined) this.anchors.set(anchor, value);
    return value;
  }

  private plain(node: Node, at: Place, depth: number): Value {
    if (isMap(node)) return this.map(node, at, depth);
    if (isSeq(node))
      return listValue(
        at,
        node.items.map((item) => this.read(item as Node, depth + 1)),
      );
    if (!isScalar(node)) return this.refuse(at, "a value is missing");
    const { value } = node;
    if (typeof value === "number") return this.number(value, node.source ?? "", at);
    if (value === null || typeof value === "boolean" || typeof value === "string") return scalar(at, value);
    return this.refuse(at, "a pipeline file holds plain data: text, numbers, true, false and null");
  }

  private number(value: number, text: string, at: Place): Value {
    if (!Number.isFinite(value))
      return this.refuse(at, `${text} is no number that can be stored`, "use a finite number");
    if (Number.isInteger(value) && !Number.isSafeInteger(value) && /^[-+]?\d+$/.test(text)) {
      return this.refuse(at, `${text} is too large to be exact`, "quote it if it is text (an id)");
    }
    return scalar(at, value);
  }

  private map(node: YAMLMap, at: Place, depth: number): Value {
    const own = new Map<string, Entry>();
    const merged: Value[] = [];
    for (const pair of node.items) {
      const keyNode = pair.key as Node;
      const place = this.place(keyNode);
      const key: unknown = isScalar(keyNode) ? keyNode.value : undefined;
      const value = pair.value ? this.read(pair.value as Node, depth + 1) : scalar(place, null);
      if (key === "<<" && isScalar(keyNode) && keyNode.type === "PLAIN") {
        for (const from of this.mergeSources(value, place)) merged.push(from);
      } else if (typeof key !== "string") {
        this.refuse(place, "a key is a plain word here");
      } else if (PROTOTYPE_KEYS.has(key)) {
        this.refuse(place, `"${key}" cannot be a key`, "it is reserved: choose another name");
      } else if (own.has(key)) {
        const first = this.source.position(own.get(key)!.key.start);
        this.refuse(
          place,
          `"${key}" stands here a second time`,
          `the first is in line ${first.line}: remove one`,
        );
      } else {
        own.set(key, { key: place, value });
      }
    }
    // As YAML defines `<<`: own keys win, then earlier sources.
    for (const from of merged) {
      if (from.kind !== "map") continue;
      for (const [key, entry] of from.entries) if (!own.has(key)) own.set(key, entry);
    }
    return mapValue(at, own);
  }

  private mergeSources(value: Value, at: Place): readonly Value[] {
    const sources = value.kind === "list" ? value.items : [value];
    const wrong = sources.find((from) => from.kind !== "map" && !(from.kind === "scalar" && from.broken));
    if (wrong) this.refuse(at, "<< takes a mapping or a list of mappings", "write << : *anchor of a mapping");
    return sources;
  }

  private alias(name: string, at: Place): Value {
    const target = this.anchors.get(name);
    if (target === "open") return this.refuse(at, `*${name} stands inside what it names`);
    if (!target) return this.refuse(at, `there is no anchor &${name} before this`);
    this.expanded += target.size;
    if (this.expanded <= MAX_VALUES) return target;
    if (!this.bombReported) {
      this.refuse(
        at,
        `aliases expand to more than ${MAX_VALUES} values`,
        "write the values where they are used",
      );
    }
    this.bombReported = true;
    return broken(at);
  }

  private refuse(at: Place, message: string, hint?: string): Value {
    if (this.problems.length < MAX_PROBLEMS) this.problems.push(problemAt(at, message, hint));
    return broken(at);
  }

  private place(node: Node): Place {
    const [start, end] = node.range ?? [0, 1];
    return { source: this.source, start, end };
  }
}
