import { basename } from "node:path";
import type { Network } from "../network.js";
import { withH5 } from "./h5-file.js";
import { kerasLayers } from "./keras-h5.js";
import { assign } from "./stored.js";

/**
 * Gives a network the weights of a Keras file: its convolutional part, or, with `includeTop`, all of it.
 *
 * @throws StageError where the file cannot be read or does not fit
 */
export async function loadInitialWeights(network: Network, path: string, includeTop: boolean): Promise<void> {
  const weights = includeTop ? network.weights() : network.bodyWeights();
  await withH5(path, "r", (file) => assign(weights, kerasLayers(file, path), basename(path)));
}
