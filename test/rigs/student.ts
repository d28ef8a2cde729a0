import { openEngine } from "../../src/engine/engine.js";
import { saveStudent } from "../../src/student/model-file.js";
import { Network } from "../../src/student/network.js";

export const STUDENT_SIZE = { width: 32, height: 32 };
export const STUDENT_TAGS = ["red", "green", "blue", "tall"];

/** Writes an untrained student, of 32 pixels and four tags, into a folder. */
export async function writeStudent(folder: string, seed = 3): Promise<void> {
  await openEngine("wasm");
  const spec = { architecture: "vgg-small", preprocess: "scale255", size: STUDENT_SIZE } as const;
  const network = new Network({ ...spec, tags: STUDENT_TAGS.length, dropout: 0, seed });
  saveStudent(folder, { format: "pipestill-student/1", ...spec, tags: STUDENT_TAGS, loss: "bce" }, network);
  network.dispose();
}
