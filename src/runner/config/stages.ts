import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Holds, Kind, Registry } from "../../contract/kind.js";
import type { JsonObject } from "../../core/json.js";
import { findCycles, topologicalOrder } from "./graph.js";
import { nearest, suggest } from "./nearest.js";
import type { ConfigProblem, InputRef, StageConfig } from "./pipeline.js";
import { append, type Place, problemAt } from "./source.js";
import { child, type Entry, entriesOf, mapValue, toJson, type Value } from "./tree.js";
import { memoryMiB, timeoutMs } from "./units.js";
import { type KindValidator, kindValidator, type Validators } from "./validators.js";
import { paramViews, secretNames } from "./views.js";
import { explainViolations } from "./violations.js";

const NOUNS: Readonly<Record<Holds, string>> = {
  images: "images",
  labels: "labels",
  index: "an index",
  dataset: "a data set",
  model: "a model",
  report: "a report",
  failures: "a table of failures",
};

/** Makes stages of their values: finds kinds, checks params, connects inputs, orders by dependency. */
export class StageBinder {
  readonly problems: ConfigProblem[] = [];
  private readonly stages: ReadonlyMap<string, Entry>;
  private readonly kinds = new Map<string, Kind>();
  /** By kind; users' modules have none. */
  private readonly checks = new Map<string, KindValidator | undefined>();

  constructor(
    root: Value,
    private readonly registry: Registry,
    private readonly validators: Validators,
  ) {
    this.stages = entriesOf(child(root, "stages"));
  }

  /** The stages in topological order; of use only where there are no problems, here or in the file's form. */
  async bind(): Promise<ReadonlyMap<string, StageConfig>> {
    for (const [name, entry] of this.stages) {
      const kind = this.findKind(child(entry.value, "uses"));
      if (kind) this.kinds.set(name, kind);
    }
    for (const { name } of this.kinds.values())
      if (!this.checks.has(name)) this.checks.set(name, await kindValidator(this.validators, name));
    const bound = new Map<string, StageConfig>();
    const needs = new Map<string, string[]>();
    for (const [name, entry] of this.stages) {
      const inputs = this.connect(name, entry);
      needs.set(
        name,
        Object.values(inputs).map((input) => input.stage),
      );
      const kind = this.kinds.get(name);
      if (kind) bound.set(name, this.configure(name, entry, kind, inputs));
    }
    const { order, rest } = topologicalOrder(needs);
    for (const cycle of findCycles(needs, rest)) this.refuseCycle(cycle);
    return new Map(order.flatMap((name) => (bound.has(name) ? [[name, bound.get(name)!]] : [])));
  }

  private findKind(uses: Value | undefined): Kind | undefined {
    if (uses?.kind !== "scalar" || typeof uses.value !== "string") return undefined;
    const name = uses.value;
    if (/^(\.{0,2}\/)/.test(name)) return this.findModule(name, uses.at);
    const kind = this.registry.kinds.get(name);
    if (kind) return kind;
    const names = [...this.registry.kinds.keys()];
    const file = /\.[cm]?js$/.test(name) ? `a module of yours begins with ./ : ./${name}` : undefined;
    const hint = file ?? suggest(name, names);
    this.problems.push(problemAt(uses.at, `there is no stage kind ${name}`, hint));
    return undefined;
  }

  private findModule(name: string, at: Place): Kind | undefined {
    const path = resolve(dirname(at.source.path), name);
    if (statSync(path, { throwIfNoEntry: false })?.isFile()) return this.registry.module(path);
    const hint = `the path starts at the folder of ${at.source.isOption ? "the pipeline file" : at.source.label}`;
    this.problems.push(problemAt(at, `there is no module ${name}`, hint));
    return undefined;
  }

  private connect(name: string, entry: Entry): Record<string, InputRef> {
    const kind = this.kinds.get(name);
    const inputs = child(entry.value, "inputs");
    const connected: Record<string, InputRef> = {};
    const meant = new Set<string>();
    for (const [port, { key, value }] of entriesOf(inputs)) {
      if (kind && !kind.anyInputs && !Object.hasOwn(kind.inputs, port)) {
        const ports = Object.keys(kind.inputs);
        meant.add(nearest(port, ports) ?? "");
        const hint = suggest(port, ports, "it takes") ?? "it takes no inputs";
        this.problems.push(problemAt(key, `${kind.name} has no input "${port}"`, hint));
      }
      if (value.kind !== "scalar" || typeof value.value !== "string") continue;
      const ref = this.findOutput(name, value.value, value.at);
      if (!ref) continue;
      connected[port] = ref;
      if (kind) this.checkHolds(kind, port, ref, value.at);
    }
    for (const [port, { summary, optional }] of Object.entries(kind?.inputs ?? {})) {
      if (optional || meant.has(port) || child(inputs, port) !== undefined) continue;
      const message = `${name} lacks its input "${port}": ${summary}`;
      this.problems.push(problemAt(entry.key, message, this.suggestInput(name, port)));
    }
    return connected;
  }

  private findOutput(taker: string, text: string, at: Place): InputRef | undefined {
    const refuse = (message: string, hint?: string) => {
      this.problems.push(problemAt(at, message, hint));
      return undefined;
    };
    const dot = text.indexOf(".");
    const stage = dot < 0 ? text : text.slice(0, dot);
    if (!this.stages.has(stage)) {
      return refuse(`there is no stage ${stage}`, this.suggestStage(stage, taker));
    }
    if (stage === taker) return refuse(`${taker} takes its own output: ${taker} -> ${taker}`);
    const outputs = this.kinds.get(stage)?.outputs.map((output) => output.name);
    if (!outputs) return { stage, port: "" };
    const port = dot < 0 ? outputs[0]! : text.slice(dot + 1);
    if (outputs.includes(port)) return { stage, port };
    return refuse(`${stage} has no output "${port}"`, suggest(port, outputs, "it gives"));
  }

  /** Refuses labels where images are wanted; what a command or a module gives is not known. */
  private checkHolds(taker: Kind, port: string, { stage, port: output }: InputRef, at: Place): void {
    const wanted = Object.hasOwn(taker.inputs, port) ? taker.inputs[port]?.holds : undefined;
    const given = this.kinds.get(stage)?.outputs.find(({ name }) => name === output)?.holds;
    if (wanted === undefined || given === undefined || wanted === given) return;
    const message = `${taker.name} wants ${NOUNS[wanted]} as "${port}", and ${stage}.${output} is ${NOUNS[given]}`;
    this.problems.push(problemAt(at, message, this.suggestGiver(wanted, stage)));
  }

  private suggestGiver(wanted: Holds, not: string): string | undefined {
    for (const [name, kind] of this.kinds) {
      const output = kind.outputs.find(({ holds }) => holds === wanted);
      if (!output || name === not) continue;
      return `${kind.outputs[0] === output ? name : `${name}.${output.name}`} gives ${NOUNS[wanted]}`;
    }
    return undefined;
  }

  private suggestStage(name: string, taker: string): string | undefined {
    // Suggestions look at all names: past this many mistakes they would take longer than they help.
    if (this.problems.length > 100) return undefined;
    return suggest(
      name,
      [...this.stages.keys()].filter((other) => other !== taker),
    );
  }

  private suggestInput(taker: string, port: string): string {
    for (const [name, kind] of this.kinds) {
      if (name === taker || !kind.outputs.some((output) => output.name === port)) continue;
      const ref = kind.outputs[0].name === port ? name : `${name}.${port}`;
      return `write inputs: { ${port}: ${ref} }`;
    }
    return `write inputs: { ${port}: <stage> }`;
  }

  private configure(
    name: string,
    entry: Entry,
    kind: Kind,
    inputs: Readonly<Record<string, InputRef>>,
  ): StageConfig {
    const given = child(entry.value, "with") ?? mapValue(entry.key, new Map());
    const values = (given.kind === "map" ? toJson(given) : {}) as JsonObject;
    const asGiven = structuredClone(values);
    const validator = this.checks.get(kind.name);
    const valid = validator === undefined || (given.kind === "map" && validator.validate(values));
    const params = (valid && kind.shortest?.(values)) || values;
    if (validator && given.kind === "map" && !valid) {
      const owner = kind.name === name ? name : `${name} (${kind.name})`;
      const checked = { value: given.entries.size > 0 ? given : mapValue(entry.key, new Map()), name, owner };
      append(this.problems, explainViolations(validator.validate.errors ?? [], checked));
    }
    const resources = child(entry.value, "resources");
    const cpus = numberOf(child(resources, "cpus"));
    const memory = memoryMiB(textOf(child(resources, "memory")));
    const timeout = timeoutMs(
      numberOf(child(entry.value, "timeout")) ?? textOf(child(entry.value, "timeout")),
    );
    const { source, start } = entry.key;
    return {
      name,
      kind,
      inputs,
      given: asGiven,
      params: paramViews(params, validator?.schema),
      secrets: secretNames(params, validator?.schema),
      resources: {
        ...(cpus === undefined ? {} : { cpus }),
        ...(memory === undefined ? {} : { memoryMiB: memory }),
      },
      retries: numberOf(child(entry.value, "retries")) ?? 0,
      ...(timeout === undefined ? {} : { timeoutMs: timeout }),
      at: { file: source.label, ...source.position(start) },
    };
  }

  private refuseCycle(cycle: readonly string[]): void {
    const [first, before] = [cycle[0]!, cycle.at(-2)!];
    const inputs = entriesOf(child(this.stages.get(first)?.value, "inputs"));
    const closing = [...inputs.values()].find(({ value }) => textOf(value)?.split(".")[0] === before);
    const at = closing?.value.at ?? this.stages.get(first)!.key;
    const hint = "data flows one way: one of these inputs has to come from elsewhere";
    this.problems.push(problemAt(at, `stages wait for each other in a circle: ${cycle.join(" -> ")}`, hint));
  }
}

function numberOf(value: Value | undefined): number | undefined {
  return value?.kind === "scalar" && typeof value.value === "number" ? value.value : undefined;
}

function textOf(value: Value | undefined): string | undefined {
  return value?.kind === "scalar" && typeof value.value === "string" ? value.value : undefined;
}
