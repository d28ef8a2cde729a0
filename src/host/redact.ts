import { StringDecoder } from "node:string_decoder";
import type { Json } from "../core/json.js";

/** Shorter values are no secrets; taking them out would wreck whatever holds these few letters. */
const SHORTEST = 4;
const MASK = "***";

/** Takes the values of secrets out of all that a stage host writes: log, notes, failures, metrics. */
export class Redactor {
  /** Longest first: one secret may be a part of another. */
  private readonly values: readonly string[];

  constructor(secrets: Iterable<string>) {
    // A key of several lines is printed line by line, and one in a URL is escaped.
    const forms = [...secrets].flatMap((secret) => {
      const parts = [secret, ...secret.split(/\r?\n/)].map((part) => part.trim());
      return parts.flatMap((part) => [part, encodeURIComponent(part.toWellFormed())]);
    });
    this.values = [...new Set(forms)]
      .filter((form) => form.length >= SHORTEST)
      .sort((a, b) => b.length - a.length);
  }

  text(text: string): string {
    return this.values.reduce((rest, value) => rest.replaceAll(value, MASK), text);
  }

  /** The same value with every text in it, keys excepted, freed of secrets. */
  json<T>(value: T): T {
    return this.values.length === 0 ? value : (this.walk(value as Json) as T);
  }

  /** From now on frees all that is printed of secrets. @returns prints what was held back */
  guard(stream: NodeJS.WriteStream): () => void {
    if (this.values.length === 0) return () => {};
    const write = stream.write.bind(stream) as (text: string) => boolean;
    const decoder = new StringDecoder("utf8");
    let held = "";
    stream.write = ((chunk: Uint8Array | string, ...rest: unknown[]) => {
      const text = this.text(held + (typeof chunk === "string" ? chunk : decoder.write(Buffer.from(chunk))));
      // What may be the beginning of a secret waits for the rest of it.
      const safe = text.length - this.begun(text);
      held = text.slice(safe);
      const done = rest.find((argument) => typeof argument === "function") as (() => void) | undefined;
      if (done) process.nextTick(done);
      return safe === 0 || write(text.slice(0, safe));
    }) as typeof stream.write;
    return () => {
      const text = this.text(held);
      held = "";
      if (text !== "") write(text);
    };
  }

  /** How many characters at the end of a text may be the beginning of a secret. */
  private begun(text: string): number {
    const lengths = this.values.map((value) => {
      let length = Math.min(value.length - 1, text.length);
      while (!text.endsWith(value.slice(0, length))) length -= 1;
      return length;
    });
    return Math.max(...lengths);
  }

  private walk(value: Json): Json {
    if (typeof value === "string") return this.text(value);
    if (Array.isArray(value)) return value.map((item) => this.walk(item as Json));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, this.walk(member)]));
  }
}
