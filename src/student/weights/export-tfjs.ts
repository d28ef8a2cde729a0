import { closeSync, existsSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../../core/files.js";
import { VERSION } from "../../core/version.js";
import { parseJson, type StudentInfo } from "../student-info.js";
import type { TensorEntry } from "../tensor-file.js";
import { binaryLayers } from "./binary.js";
import { type ExportedModel, KERAS } from "./exported.js";
import { pieces, type StoredLayers, type StoredWeight } from "./stored.js";

/** model.json of tfjs's layers format, as far as we use it. */
interface TfjsModel {
  readonly format: "layers-model";
  readonly modelTopology: unknown;
  readonly weightsManifest: readonly [
    {
      readonly paths: readonly string[];
      readonly weights: readonly {
        readonly name: string;
        readonly shape: readonly number[];
        readonly dtype: "float32";
      }[];
    },
  ];
  readonly userDefinedMetadata?: { readonly pipestill?: StudentInfo };
}

const MODEL = "model.json";
/** Bytes in a shard, as tfjs's own converter cuts them: browsers cache files of this size. */
const SHARD = 4 * 2 ** 20;

/** Writes a model in tfjs's layers format into an empty folder: model.json and shards. */
export function writeTfjs({ info, config, layers }: ExportedModel, folder: string): void {
  const weights = layers.flatMap(({ name, weights }) =>
    weights.map((weight) => ({ ...weight, name: `${name}/${weight.name}` })),
  );
  const model: TfjsModel & { generatedBy: string; convertedBy: null } = {
    format: "layers-model",
    generatedBy: `pipestill ${VERSION}`,
    convertedBy: null,
    modelTopology: { ...KERAS, model_config: config },
    weightsManifest: [
      {
        paths: writeShards(weights, folder),
        weights: weights.map(({ name, shape }) => ({ name, shape, dtype: "float32" })),
      },
    ],
    userDefinedMetadata: { pipestill: info },
  };
  writeFileAtomic(join(folder, MODEL), JSON.stringify(model));
}

/** Writes the weights one after the other. @returns the shards' names */
function writeShards(weights: readonly StoredWeight[], folder: string): string[] {
  const total = weights.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 4), 0);
  const length = Math.ceil(total / SHARD);
  const names = Array.from({ length }, (_, i) => `group1-shard${i + 1}of${length}.bin`);
  let fd = -1;
  let written = 0;
  const write = (bytes: Uint8Array) => {
    for (let at = 0; at < bytes.length; ) {
      if (written % SHARD === 0) {
        if (fd >= 0) closeSync(fd);
        fd = openSync(join(folder, names[written / SHARD]!), "w");
      }
      const room = SHARD - (written % SHARD);
      const count = writeSync(fd, bytes, at, Math.min(room, bytes.length - at));
      at += count;
      written += count;
    }
  };
  try {
    for (const { shape, readRows } of weights) {
      for (const { start, end } of pieces(shape)) {
        const rows = readRows(start, end);
        write(new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength));
      }
    }
  } finally {
    if (fd >= 0) closeSync(fd);
  }
  return names;
}

/** What a folder that we exported holds; nothing for a folder of others. @throws StageError for another version's */
export function readTfjs(folder: string): { info: StudentInfo; layers: StoredLayers } | undefined {
  const path = join(folder, MODEL);
  if (!existsSync(path)) return undefined;
  const { userDefinedMetadata, weightsManifest } = parseJson<TfjsModel>(
    readFileSync(path, "utf8"),
    "layers-model",
  );
  const info = userDefinedMetadata?.pipestill;
  if (!info) return undefined;
  const [{ paths, weights }] = weightsManifest;
  let offset = 0;
  const entries = weights.map(({ name, shape }): TensorEntry => {
    const entry = { name, shape, offset };
    offset += shape.reduce((a, b) => a * b, 4);
    return entry;
  });
  return {
    info,
    layers: binaryLayers(
      entries,
      paths.map((name) => join(folder, name)),
    ),
  };
}
