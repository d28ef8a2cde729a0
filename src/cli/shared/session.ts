import { existsSync, readdirSync, statSync } from "node:fs";
import { StageError } from "../../core/errors.js";
import { andList } from "../../core/words.js";
import { loadPipeline } from "../../runner/config/load.js";
import { didYouMean } from "../../runner/config/nearest.js";
import type { Pipeline } from "../../runner/config/pipeline.js";
import type { Store } from "../../runner/store/store.js";
import { registry } from "../../stages/registry.js";
import { ConfigError, UsageError } from "./errors.js";
import type { PipelineOptions } from "./options.js";

const DEFAULT_FILE = "pipeline.yaml";
/** Pipeline files named to someone who named none. */
const MAX_FOUND = 5;

/**
 * Tells a pipeline file from stage names: the first argument is the file if it looks like one (.yaml, .yml, a folder
 * in it) or is one; else the file is pipeline.yaml. @throws UsageError where there is none.
 */
export function splitFile(args: readonly string[]): {
  readonly file: string;
  readonly rest: readonly string[];
} {
  const [first, ...rest] = args;
  if (first !== undefined && looksLikeFile(first)) return { file: first, rest };
  if (existsSync(DEFAULT_FILE)) return { file: DEFAULT_FILE, rest: args };
  const found = pipelineFiles();
  const hint =
    found.length === 0
      ? "give the path of a pipeline file (YAML)"
      : `there ${found.length === 1 ? "is" : "are"} ${andList(found.slice(0, MAX_FOUND))}`;
  throw first === undefined
    ? new UsageError(`no pipeline file given, and no ${DEFAULT_FILE} here`, hint)
    : new UsageError(`${first} is no pipeline file, and there is no ${DEFAULT_FILE} here`, hint);
}

function looksLikeFile(argument: string): boolean {
  if (/\.ya?ml$|[/\\]/.test(argument)) return true;
  return statSync(argument, { throwIfNoEntry: false })?.isFile() === true;
}

function pipelineFiles(): string[] {
  return [".", "pipelines"].flatMap((folder) =>
    existsSync(folder)
      ? readdirSync(folder)
          .filter((name) => /\.ya?ml$/.test(name))
          .sort()
          .map((name) => (folder === "." ? name : `${folder}/${name}`))
      : [],
  );
}

/** Loads a pipeline with the profiles and overrides asked for. @throws ConfigError with every problem it has. */
export async function load(file: string, options: PipelineOptions): Promise<Pipeline> {
  const outcome = await loadPipeline(file, {
    registry,
    profiles: options.profile,
    overrides: options.set,
  });
  if (!outcome.ok) throw new ConfigError(file, outcome.problems);
  return outcome.pipeline;
}

/**
 * The stages that a run for these targets touches, in its order.
 *
 * @throws UsageError for a target or forced stage that is none of the pipeline's, or that the targets do not need
 */
export function checkStages(
  pipeline: Pipeline,
  targets: readonly string[],
  force: readonly string[] = [],
): readonly string[] {
  const unknown = [...targets, ...force].find((name) => !pipeline.stages.has(name));
  const stages = [...pipeline.stages.keys()];
  if (unknown !== undefined) {
    const hint = didYouMean(unknown, stages) ?? `its stages are ${stages.join(", ")}`;
    throw new UsageError(`${pipeline.name} has no stage ${unknown}`, hint);
  }
  const selected = selectStages(pipeline, targets);
  const outside = force.find((name) => !selected.includes(name));
  if (outside !== undefined) {
    throw new UsageError(
      `--force ${outside}: ${targets.join(" and ")} can be had without it`,
      `add ${outside} to the stages`,
    );
  }
  return selected;
}

function selectStages(pipeline: Pipeline, targets: readonly string[]): readonly string[] {
  const all = [...pipeline.stages.values()];
  const wanted = new Set(targets.length > 0 ? targets : all.map(({ name }) => name));
  // Inputs stand before the stages that take them, so one pass from the end finds them all.
  for (const stage of all.toReversed()) {
    if (wanted.has(stage.name)) for (const ref of Object.values(stage.inputs)) wanted.add(ref.stage);
  }
  return all.map(({ name }) => name).filter((name) => wanted.has(name));
}

/** Opens the store for as long as `use` takes, making it where there is none. */
export async function withStore<T>(root: string, use: (store: Store) => Promise<T>): Promise<T> {
  return opened(root, {}, use);
}

/** Says on stderr what the store finds broken and sets aside. A run says it by its own events. */
function listen<T>(use: (store: Store) => Promise<T>): (store: Store) => Promise<T> {
  return (store) => {
    store.notices.listen((message) => console.error(`store  ${message}`));
    return use(store);
  };
}

/** Opens the store to look at it: where there is none, none is made. */
export async function lookInStore<T>(root: string, use: (store: Store) => Promise<T>): Promise<T> {
  return opened(root, { readOnly: !existsSync(root) }, listen(use));
}

async function opened<T>(
  root: string,
  options: { readonly readOnly?: boolean },
  use: (store: Store) => Promise<T>,
): Promise<T> {
  // Loaded here: verbs that only read a pipeline file do without it.
  const { Store } = await import("../../runner/store/store.js");
  const store = openStore(() => Store.open(root, options));
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

/** A folder that cannot be a store was named wrongly. */
function openStore(open: () => Store): Store {
  try {
    return open();
  } catch (error) {
    if (error instanceof StageError) throw new UsageError(error.message, error.options.hint);
    throw error;
  }
}

/** Opens a store that must be there already. @throws UsageError where it is not. */
export async function withExistingStore<T>(
  root: string,
  use: (store: Store) => Promise<T>,
  options: { readonly readOnly?: boolean } = {},
): Promise<T> {
  if (!statSync(root, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError(`there is no store ${root}`, "run a pipeline first, or name the store with --store");
  }
  return opened(root, options, listen(use));
}

export { registry };
