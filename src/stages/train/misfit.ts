import type { Refusal } from "../../contract/refusal.js";
import { StageError } from "../../contract/stage.js";
import { chainOf } from "../../student/layers/chain.js";
import { checkShapes } from "../../student/layers/shapes.js";
import type { Params } from "./schema.js";
import { networkShape } from "./spec.js";
import { officialFile } from "./weights.js";

/** Says that the params make no network, before anything is gathered for it. @param size of the images, where it is known */
export function misfit(
  params: Pick<Params, "student" | "head" | "dropout" | "weights">,
  size: { readonly width: number; readonly height: number } | undefined,
): Refusal | undefined {
  try {
    // The number of tags decides nothing here.
    const chain = chainOf(networkShape(params), 1, params.dropout);
    if (size) checkShapes(chain, size);
    if (params.weights === "imagenet") officialFile(params.student);
    return undefined;
  } catch (error) {
    if (!(error instanceof StageError)) throw error;
    return { message: error.message, hint: error.options.hint ?? "" };
  }
}
