import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { Command } from "commander";
import type { Store } from "../runner/store/store.js";
import type { Tree } from "../runner/store/trees.js";
import { findArtifact, type Sort } from "./shared/artifact.js";
import { UsageError } from "./shared/errors.js";
import { examples, type StoreOptions, storeOption } from "./shared/options.js";
import type { Terminal } from "./shared/output.js";
import { withExistingStore } from "./shared/session.js";

/** What a writer is given. */
export interface ExportContext {
  readonly store: Store;
  /** As the user named it. */
  readonly name: string;
  readonly artifact: Tree;
  /** An empty folder, which takes its final name when the writer is done. */
  readonly folder: string;
  readonly terminal: Terminal;
}

/** A form that artifacts are written in; @returns what was written, in a few words */
export type ExportWriter = (context: ExportContext) => Promise<string>;

interface Format {
  /** The option that asks for it, and its value's name. */
  readonly option: "parquet" | "pickle";
  readonly summary: string;
  readonly sort: Sort;
  load(): Promise<ExportWriter>;
}

const DATA_SET: Sort = { noun: "data set", marks: ["dataset.json"], from: "pack" };

const FORMATS: readonly Format[] = [
  {
    option: "parquet",
    summary: "a data set as Parquet files in Hugging Face's layout",
    sort: DATA_SET,
    load: async () => (await import("./export-data.js")).writeParquet,
  },
  {
    option: "pickle",
    summary: "a data set as keras-distillation's files, gzip(pickle((X, y))) for each picture",
    sort: DATA_SET,
    load: async () => (await import("./export-data.js")).writeSeed,
  },
];

type ExportOptions = StoreOptions & Readonly<Partial<Record<Format["option"], string>>>;

export function declare(command: Command, terminal: Terminal): void {
  command.argument("<artifact>", "a stage (pack, vision-distill/pack), its folder, or an artifact's hash");
  for (const { option, summary } of FORMATS) command.option(`--${option} <folder>`, summary);
  storeOption(command);
  examples(command, [
    ["pipe export pack --parquet out", 'for datasets.load_dataset("out"), pyarrow, pandas, DuckDB'],
    ["pipe export pack --pickle out", "for distillation.py of keras-distillation"],
  ]);
  command.action(async (name: string, options: ExportOptions) => {
    const asked = FORMATS.filter(({ option }) => options[option] !== undefined);
    const [format] = asked;
    if (!format || asked.length > 1) {
      throw new UsageError(
        "say which form to write",
        `one of ${FORMATS.map(({ option }) => `--${option}`).join(", ")}`,
      );
    }
    const target = resolve(options[format.option]!);
    await withExistingStore(options.store, async (store) => {
      const artifact = findArtifact(store, name, format.sort);
      const write = await format.load();
      const wrote = await intoFresh(target, (folder) => write({ store, name, artifact, folder, terminal }));
      terminal.out(`${wrote} in ${options[format.option]}`);
    });
  });
}

/**
 * Fills a folder that is there as a whole or not at all. @throws UsageError where something stands in its place
 */
async function intoFresh<T>(target: string, fill: (folder: string) => Promise<T>): Promise<T> {
  const found = statSync(target, { throwIfNoEntry: false });
  if (found && !(found.isDirectory() && readdirSync(target).length === 0)) {
    throw new UsageError(`${target} is there already`, "name a folder that does not exist, or an empty one");
  }
  mkdirSync(dirname(target), { recursive: true });
  const draft = mkdtempSync(join(dirname(target), `.${basename(target)}-`));
  const clean = () => rmSync(draft, { recursive: true, force: true });
  const leave = (signal: NodeJS.Signals) => {
    clean();
    process.kill(process.pid, signal);
  };
  process.once("SIGINT", leave).once("SIGTERM", leave);
  try {
    const result = await fill(draft);
    renameSync(draft, target);
    return result;
  } finally {
    clean();
    process.off("SIGINT", leave).off("SIGTERM", leave);
  }
}
