import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { StageError } from "../contract/stage.js";
import { canonicalJson, type Json } from "../core/json.js";
import type { Engine } from "../engine/engine.js";
import type { NetworkShape } from "./architectures.js";
import { Network, type Size } from "./network.js";
import type { Preprocess } from "./preprocess.js";
import { inMemory, layout, restore, type TensorEntry, tensorBytes } from "./tensor-file.js";

/** student.json: what a person or a program needs to know to use the model. */
export interface StudentInfo extends NetworkShape {
  readonly format: "pipestill-student/1";
  readonly preprocess: Preprocess;
  readonly size: Size;
  /** Names by output unit. */
  readonly tags: readonly string[];
  /** What it was trained with, for people. */
  readonly loss: string;
  /** Scores rank the tags of an image, they are not calibrated: a student of `kl` alone. */
  readonly onlyRanks?: true;
}

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
  const write = (name: string, data: string | Uint8Array) => writeFileSync(join(folder, name), data);
  write(MODEL_FILES.info, `${canonicalJson(info as unknown as Json)}\n`);
  write(MODEL_FILES.model, `${canonicalJson(model as unknown as Json)}\n`);
  write(MODEL_FILES.weights, Buffer.concat([...tensorBytes(weights)]));
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
 * @param path gives the absolute path of a file of the artifact: `(name) => inputs.model.path(name)`
 * @param _engine proof that an engine is open
 * @throws StageError for files that are no model of ours.
 */
export async function loadStudent(path: (name: string) => string, _engine: Engine): Promise<Student> {
  const info = readJson(path(MODEL_FILES.info), "pipestill-student/1") as StudentInfo;
  const model = readJson(path(MODEL_FILES.model), "pipestill-weights/1") as ModelJson;
  const network = new Network({ ...info, tags: info.tags.length, dropout: 0, seed: 0 });
  restore(network.weights(), model.weights, inMemory(readFileSync(path(MODEL_FILES.weights))));
  return new Student(info, network);
}

function readJson(path: string, format: string): unknown {
  let value: { format?: string } | undefined;
  try {
    value = JSON.parse(readFileSync(path, "utf8")) as { format?: string };
  } catch (error) {
    throw new StageError(`cannot read the model: ${(error as Error).message}`, { class: "bad-model" });
  }
  if (value?.format !== format) {
    throw new StageError(
      `the model's format is ${value?.format ?? "unknown"}; this version reads ${format}`,
      {
        class: "bad-model",
        hint: "train it again with this version",
      },
    );
  }
  return value;
}
