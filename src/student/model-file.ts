import { closeSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { writeWhole } from "../core/files.js";
import { canonicalJson, type Json, type JsonObject } from "../core/json.js";
import type { Engine } from "../engine/engine.js";
import { Network, type Size } from "./network.js";
import type { Preprocess } from "./preprocess.js";
import { readJson, type StudentInfo } from "./student-info.js";
import { layout, type TensorEntry, tensorBytes } from "./tensor-file.js";
import { binaryLayers } from "./weights/binary.js";
import { assign, type StoredLayers } from "./weights/stored.js";

/** model.json: where each weight lies in weights.bin. */
interface ModelJson {
  readonly format: "pipestill-weights/1";
  readonly weights: readonly TensorEntry[];
}

/** Files of a model artifact. */
export const MODEL_FILES = {
  info: "student.json",
  model: "model.json",
  weights: "weights.bin",
  history: "history.jsonl",
} as const;

/** Writes student.json, model.json and weights.bin into a folder. */
export function saveStudent(folder: string, info: StudentInfo, network: Network): void {
  mkdirSync(folder, { recursive: true });
  const weights = network.weights();
  const model: ModelJson = { format: "pipestill-weights/1", weights: layout(weights) };
  const write = (name: string, value: Json) => writeFileSync(join(folder, name), `${canonicalJson(value)}\n`);
  write(MODEL_FILES.info, info as unknown as Json);
  write(MODEL_FILES.model, model as unknown as Json);
  const fd = openSync(join(folder, MODEL_FILES.weights), "w");
  try {
    for (const bytes of tensorBytes(weights)) writeWhole(fd, bytes);
  } finally {
    closeSync(fd);
  }
}

/** A student's network and weights, not yet in any engine. */
export interface StoredStudent {
  readonly info: StudentInfo;
  readonly layers: StoredLayers;
}

/**
 * Reads the files of a model artifact; the weights when they are asked for.
 *
 * @param path gives the absolute path of a file of the artifact: `(name) => inputs.model.path(name)`
 * @throws StageError for files that are no model of ours.
 */
export function readModel(path: (name: string) => string): StoredStudent {
  const info = readJson<StudentInfo>(path(MODEL_FILES.info), "pipestill-student/1");
  const { weights } = readJson<ModelJson>(path(MODEL_FILES.model), "pipestill-weights/1");
  return { info, layers: binaryLayers(weights, [path(MODEL_FILES.weights)]) };
}

/** Images a prediction computes at once. */
const PREDICT_BATCH = 32;

/** A trained student, ready to predict. */
export class Student {
  constructor(
    private readonly info: StudentInfo,
    private readonly network: Network,
  ) {}

  /** Its name: "vgg16", or "layers" for a network of one's own. */
  get architecture(): string {
    return this.info.architecture;
  }

  /** What it was trained with, for people: "bce", "0.5 bce + 0.5 kl". */
  get loss(): string {
    return this.info.loss;
  }

  /** False where scores only rank the tags of an image. */
  get calibrated(): boolean {
    return !this.info.onlyRanks;
  }

  get preprocess(): Preprocess {
    return this.info.preprocess;
  }

  /** Params of the resize that made the images it learned from, where an exported model tells. */
  get resize(): JsonObject | undefined {
    return this.info.resize;
  }

  get size(): Size {
    return this.info.size;
  }

  /** Names by output unit. */
  get tags(): readonly string[] {
    return this.info.tags;
  }

  /**
   * Scores in [0, 1], [images, tags], one image after the other.
   *
   * @param images RGB bytes, [height, width, 3] of the student's size
   */
  async predict(images: readonly Uint8Array[]): Promise<Float32Array> {
    const { width, height } = this.size;
    const length = width * height * 3;
    const scores = new Float32Array(images.length * this.tags.length);
    for (let at = 0; at < images.length; at += PREDICT_BATCH) {
      const batch = images.slice(at, at + PREDICT_BATCH);
      const pixels = new Float32Array(batch.length * length);
      for (const [i, image] of batch.entries()) {
        if (image.length !== length)
          throw new Error(`an image has ${image.length} bytes instead of ${length}`);
        pixels.set(image, i * length);
      }
      const output = tf.tidy(() =>
        this.network.scores(tf.tensor4d(pixels, [batch.length, height, width, 3])),
      );
      scores.set(await output.data(), at * this.tags.length);
      output.dispose();
    }
    return scores;
  }

  dispose(): void {
    this.network.dispose();
  }
}

/**
 * Loads the student of a model artifact.
 *
 * @param path as for `readModel`
 * @param engine an open one
 * @throws StageError for files that are no model of ours.
 */
export async function loadStudent(path: (name: string) => string, engine: Engine): Promise<Student> {
  return studentOf(readModel(path), engine);
}

/**
 * @param _engine proof that an engine is open
 * @throws StageError where the weights do not fit
 */
export function studentOf({ info, layers }: StoredStudent, _engine: Engine): Student {
  const network = new Network({ ...info, tags: info.tags.length, dropout: 0, seed: 0 });
  try {
    assign(network.weights(), layers, "the model");
  } catch (error) {
    network.dispose();
    throw error;
  }
  return new Student(info, network);
}
