import { randomBytes } from "node:crypto";
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { canonicalJson, type Json } from "../../core/json.js";
import { parseJson, type StudentInfo } from "../student-info.js";
import { type ExportedModel, KERAS } from "./exported.js";
import { datasetOf, type File, type Group, groupOf, withH5 } from "./h5-file.js";
import { pieces, type StoredWeight } from "./stored.js";

/** The data set that holds student.json. An attribute could not hold 5,000 tags. */
const INFO = "pipestill";

/**
 * Writes a model as a whole-model `.h5` file, in the layout that Keras 2 has and Keras 3 reads. It appears whole or not at
 * all.
 */
export async function writeKeras({ info, config, layers }: ExportedModel, path: string): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.tmp-${process.pid}-${randomBytes(6).toString("hex")}`;
  try {
    await withH5(temporary, "w", (file) => {
      describe(file);
      file.create_attribute("model_config", JSON.stringify(config));
      const weights = makeGroup(file, "model_weights");
      describe(weights);
      weights.create_attribute(
        "layer_names",
        layers.map(({ name }) => name),
      );
      for (const layer of layers) writeLayer(makeGroup(weights, layer.name), layer);
      file.create_dataset({ name: INFO, data: canonicalJson(info as unknown as Json) });
    });
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}

function describe(group: Group): void {
  for (const [name, value] of Object.entries(KERAS)) group.create_attribute(name, value);
}

function makeGroup(parent: Group, name: string): Group {
  parent.create_group(name);
  return groupOf(parent, name)!;
}

function writeLayer(group: Group, { name, weights }: ExportedModel["layers"][number]): void {
  const names = weights.map((weight) => `${name}/${weight.name}:0`);
  // An empty list has the type that h5py gives it.
  if (names.length === 0) {
    group.create_attribute("weight_names", [], [0], "<f8");
    return;
  }
  group.create_attribute("weight_names", names);
  const inner = makeGroup(group, name);
  for (const weight of weights) writeWeight(inner, weight);
}

/** A weight of several pieces is made empty, stretched and filled: HDF5 works in memory of its own. */
function writeWeight(group: Group, { name: own, shape, readRows }: StoredWeight): void {
  const name = `${own}:0`;
  const [first, ...more] = pieces(shape);
  const { start, end } = first!;
  const dtype = "<f4";
  if (more.length === 0) {
    group.create_dataset({ name, data: readRows(start, end), shape: [...shape], dtype });
    return;
  }
  const [rows = 1, ...rest] = shape;
  const dataset = group.create_dataset({
    name,
    data: new Float32Array(),
    shape: [0, ...rest],
    maxshape: [rows, ...rest],
    chunks: [end, ...rest],
    dtype,
  });
  dataset.resize([rows, ...rest]);
  for (const piece of [first!, ...more]) {
    const others = rest.map((): [] => []);
    dataset.write_slice([[piece.start, piece.end], ...others], readRows(piece.start, piece.end));
  }
}

/** What a file that we exported says of its model; nothing for a file of others. @throws StageError for another version's */
export function kerasInfo(file: File): StudentInfo | undefined {
  const value = datasetOf(file, INFO)?.value;
  return typeof value === "string" ? parseJson<StudentInfo>(value, "pipestill-student/1") : undefined;
}
