import { StageError } from "../../contract/stage.js";
import { bodyOf, headLayers, type NetworkShape } from "../architectures.js";
import { type CompleteLayer, complete } from "./complete.js";
import type { Layer } from "./schema.js";

/** Name of the input layer, which Keras counts as the first. */
export const INPUT = "input";
/** Name of the output layer. */
const OUTPUT = "predictions";

/** The layers of a network, one after the other; the input layer comes before them. */
export interface Chain {
  readonly body: readonly CompleteLayer[];
  readonly head: readonly CompleteLayer[];
  /** A unit for each tag. Its activation here is linear: it gives logits. */
  readonly output: Extract<CompleteLayer, { type: "Dense" }>;
}

/**
 * @param tags output units
 * @param dropout rate of each Dropout that gives none
 * @throws StageError for layers that make no network
 */
export function chainOf(shape: NetworkShape, tags: number, dropout: number): Chain {
  const { layers, momentum } = bodyOf(shape);
  const flat = layers.some(makesFlat);
  const head = headLayers(shape.head ?? {}, tags, flat, momentum);
  if (!flat && !head.some(makesFlat)) {
    throw unfit("the head ends in feature maps, but the output layer takes flat values", FLATTEN);
  }
  const taken = new Set([INPUT, OUTPUT]);
  try {
    return {
      body: complete(layers, taken, dropout),
      head: complete(head, taken, dropout),
      output: {
        type: "Dense",
        name: OUTPUT,
        units: tags,
        activation: "linear",
        use_bias: true,
        kernel_initializer: "glorot_uniform",
      },
    };
  } catch (error) {
    throw unfit((error as Error).message, `names are unique; ${INPUT} and ${OUTPUT} are taken`);
  }
}

const FLATTEN = "put Flatten or GlobalAveragePooling2D into it";

function makesFlat({ type }: Layer): boolean {
  return type === "Flatten" || type === "GlobalAveragePooling2D" || type === "GlobalMaxPooling2D";
}

function unfit(problem: string, hint: string): StageError {
  return new StageError(problem, { class: "layers", hint });
}
