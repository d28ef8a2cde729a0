import { readModel } from "../student/model-file.js";
import { filesOf } from "../student/open-student.js";
import { writeKeras } from "../student/weights/export-keras.js";
import { writeTfjs } from "../student/weights/export-tfjs.js";
import { type ExportedModel, exportedModel } from "../student/weights/exported.js";
import type { ExportRequest } from "./export.js";
import { findModel } from "./predict-model.js";
import { UsageError } from "./shared/errors.js";
import { count } from "./shared/format.js";
import { intoFresh } from "./shared/fresh-folder.js";

/** Writes one `.h5` file. One that is there is replaced, as a model's file is at each saving. */
export async function writeKerasFile(request: ExportRequest): Promise<string> {
  const { target } = request;
  if (!/\.(h5|hdf5)$/.test(target)) {
    throw new UsageError(`${target} does not end in .h5`, "Keras tells its formats by how their names end");
  }
  const model = modelOf(request);
  await writeKeras(model, target);
  request.terminal.err(
    'the names of its scores in Python: json.loads(h5py.File("….h5")["pipestill"][()])["tags"]',
  );
  return described(model);
}

/** Writes model.json and shards. */
export async function writeTfjsFolder(request: ExportRequest): Promise<string> {
  const model = modelOf(request);
  await intoFresh(request.target, async (folder) => writeTfjs(model, folder));
  request.terminal.err("the names of its scores: userDefinedMetadata.pipestill.tags in model.json");
  return described(model);
}

function modelOf({ store, name }: ExportRequest): ExportedModel {
  const { location, resize } = findModel(store, name);
  if ("exported" in location) {
    throw new UsageError(`${name} is an exported model already`, "name a stage, or a model artifact's hash");
  }
  const { info, layers } = readModel(filesOf(location.files));
  return exportedModel({ ...info, ...(resize ? { resize } : {}) }, layers);
}

/** What the model takes and gives: the preprocessing is its first layer. */
function described({ info: { size, tags } }: ExportedModel): string {
  const input = `[images, ${size.height}, ${size.width}, 3]`;
  return `a model from RGB pixels of 0 to 255, ${input}, to ${count(tags.length)} scores of 0 to 1`;
}
