import { resolve } from "node:path";
import type { Command } from "commander";
import { UsageError } from "./shared/errors.js";
import {
  examples,
  jsonOption,
  type OutputOptions,
  type StoreOptions,
  storeOption,
} from "./shared/options.js";
import { jsonText, type Terminal } from "./shared/output.js";
import { checkTarget } from "./shared/target.js";

/** What a writer is given. */
export interface ExportRequest {
  /** The store's root. */
  readonly store: string;
  /** The artifact, as the user named it. */
  readonly name: string;
  /** Absolute path of the file or folder to write: it appears whole or not at all. */
  readonly target: string;
  readonly terminal: Terminal;
}

/** A form that artifacts are written in; @returns what was written, in a few words */
export type ExportWriter = (request: ExportRequest) => Promise<string>;

interface Format {
  /** The option that asks for it. */
  readonly option: "parquet" | "pickle" | "keras" | "tfjs";
  readonly value: "folder" | "file";
  readonly summary: string;
  load(): Promise<ExportWriter>;
}

const FORMATS: readonly Format[] = [
  {
    option: "parquet",
    value: "folder",
    summary: "a data set as Parquet files in Hugging Face's layout",
    load: async () => (await import("./export-data.js")).writeParquet,
  },
  {
    option: "pickle",
    value: "folder",
    summary: "a data set as keras-distillation's files, gzip(pickle((X, y))) for each picture",
    load: async () => (await import("./export-data.js")).writeSeed,
  },
  {
    option: "keras",
    value: "file",
    summary: "a model as a .h5 file, which Keras 2 and 3 load with load_model",
    load: async () => (await import("./export-model.js")).writeKerasFile,
  },
  {
    option: "tfjs",
    value: "folder",
    summary: "a model in TensorFlow.js's layers format, model.json and shards",
    load: async () => (await import("./export-model.js")).writeTfjsFolder,
  },
];

type ExportOptions = StoreOptions & OutputOptions & Readonly<Partial<Record<Format["option"], string>>>;

export function declare(command: Command, terminal: Terminal): void {
  command.argument("<artifact>", "a stage (pack, vision-distill/train), its folder, or an artifact's hash");
  for (const { option, value, summary } of FORMATS) command.option(`--${option} <${value}>`, summary);
  jsonOption(storeOption(command));
  examples(command, [
    ["pipe export pack --parquet out", 'for datasets.load_dataset("out"), pyarrow, pandas, DuckDB'],
    ["pipe export pack --pickle out", "for distillation.py of keras-distillation"],
    ["pipe export train --keras tagger.h5", 'for keras.models.load_model("tagger.h5", compile=False)'],
    ["pipe export train --tfjs out", 'for tf.loadLayersModel("…/out/model.json") in a browser'],
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
    const { option } = format;
    const target = resolve(options[option]!);
    checkTarget(target, format.value);
    const write = await format.load();
    const wrote = await write({ store: options.store, name, target, terminal });
    terminal.out(
      options.json ? jsonText({ format: option, target, wrote }) : `${wrote} in ${options[option]}`,
    );
  });
}
