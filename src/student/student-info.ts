import { readFileSync } from "node:fs";
import { StageError } from "../contract/stage.js";
import type { JsonObject } from "../core/json.js";
import type { NetworkShape } from "./architectures.js";
import type { Preprocess } from "./preprocess.js";

/** student.json: what a person or a program needs to know to use the model. */
export interface StudentInfo extends NetworkShape {
  readonly format: "pipestill-student/1";
  readonly preprocess: Preprocess;
  readonly size: { readonly width: number; readonly height: number };
  /** Names by output unit. */
  readonly tags: readonly string[];
  /** What it was trained with, for people. */
  readonly loss: string;
  /** Rate of each Dropout that gives none of its own. */
  readonly dropout?: number;
  /** Scores rank the tags of an image, they are not calibrated: a student of `kl` alone. */
  readonly onlyRanks?: true;
  /** Params of the resize that made the images it learned from; in exported models, which have left their store. */
  readonly resize?: JsonObject;
}

/** @throws StageError for a file of another format */
export function readJson<T extends { readonly format: string }>(path: string, format: T["format"]): T {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw unreadable((error as Error).message);
  }
  return parseJson(text, format);
}

/** @throws StageError for a text of another format */
export function parseJson<T extends { readonly format: string }>(text: string, format: T["format"]): T {
  let value: T | undefined;
  try {
    value = JSON.parse(text) as T;
  } catch (error) {
    throw unreadable((error as Error).message);
  }
  if (value?.format === format) return value;
  throw new StageError(`the model's format is ${value?.format ?? "unknown"}; this version reads ${format}`, {
    class: "bad-model",
    hint: "train it again with this version",
  });
}

function unreadable(why: string): StageError {
  return new StageError(`cannot read the model: ${why}`, { class: "bad-model" });
}
