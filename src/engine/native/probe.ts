import { basename } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { loadNative } from "./load.js";

/**
 * A program of its own: loads the engine of a folder, computes 1·3 + 2·4 on it, and prints the version of
 * TensorFlow and what it computes on as JSON. An engine
 * that ends the process, as one does whose instructions the processor lacks, ends this one.
 */
const folder = process.argv[2]!;
const { version, device } = await loadNative({ key: basename(folder), folder });
const product = tf.matMul(tf.tensor2d([[1, 2]]), tf.tensor2d([[3], [4]])).dataSync()[0];
if (product !== 11) throw new Error(`(1, 2) · (3, 4) is 11; the engine computed ${product}`);
process.stdout.write(JSON.stringify({ version, device }));
