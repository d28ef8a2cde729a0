import { resolve } from "node:path";
import type { IdentityContext } from "../../contract/kind.js";
import { type StageContext, StageError } from "../../contract/stage.js";
import type { Json } from "../../core/json.js";
import { imagenetFile, type WebFile } from "../../student/weights/official.js";
import type { Params } from "./schema.js";

type WeightsParams = Pick<Params, "weights" | "student">;

/**
 * What the params do not tell about the initial weights: the bytes of a file, and which file `imagenet` is.
 *
 * @throws StageError where there is no such file, or Keras has no weights for the student
 */
export async function weightsIdentity({
  with: params,
  base,
  hashFile,
}: IdentityContext): Promise<Json | undefined> {
  const { weights, student } = params as unknown as WeightsParams;
  if (weights === "imagenet") return { weights: officialFile(student).digest.hex };
  if (typeof weights === "string" || !("file" in weights)) return undefined;
  try {
    return { weights: await hashFile(resolve(base, weights.file)) };
  } catch (error) {
    throw new StageError(`the weights ${weights.file} cannot be read: ${(error as Error).message}`, {
      class: "weights",
      hint: "`weights.file` is a path relative to the pipeline file",
    });
  }
}

/** The file of initial weights on this disk, fetched where it has to be; nothing for `none`. */
export async function weightsFile(context: StageContext): Promise<string | undefined> {
  const { weights, student } = context.with as unknown as WeightsParams;
  if (weights === "none") return undefined;
  if (typeof weights === "object" && "file" in weights) return resolve(context.base, weights.file);
  const { cachedDownload } = await import("../../student/weights/download.js");
  return cachedDownload(webFile(weights, student), context.signal, (line) => context.note(line));
}

function webFile(weights: "imagenet" | { url: string; sha256: string }, student: Params["student"]): WebFile {
  if (weights === "imagenet") return officialFile(student);
  return { url: weights.url, digest: { algorithm: "sha256", hex: weights.sha256 } };
}

/** Keras's file of ImageNet weights for a student. @throws StageError where there is none */
export function officialFile(student: Params["student"]): WebFile {
  const file = typeof student === "string" ? imagenetFile(student) : undefined;
  if (file) return file;
  const name = typeof student === "string" ? student : "a student of your own layers";
  throw new StageError(`there are no ImageNet weights for ${name}`, {
    class: "weights",
    hint: "use vgg16 or vgg19, or give weights: { file: … }",
  });
}
