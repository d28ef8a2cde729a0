import { type Command, InvalidArgumentError, Option } from "commander";
import { preparer } from "../stages/resize/prepare.js";
import type { Label } from "../student/labels.js";
import type { Student } from "../student/model-file.js";
import { findModel, type ModelSource } from "./predict-model.js";
import { barsText, CSV_HEADER, csvLines, jsonLine, plainText } from "./predict-text.js";
import { EXIT } from "./shared/errors.js";
import { count, plural, printable } from "./shared/format.js";
import { examples, type StoreOptions, share, storeOption } from "./shared/options.js";
import type { Terminal } from "./shared/output.js";

interface PredictOptions extends StoreOptions {
  readonly top: number;
  readonly min: number;
  readonly json?: true;
  readonly csv?: true;
}

export function declare(command: Command, terminal: Terminal): void {
  command
    .argument(
      "<model>",
      "a stage (train, vision-distill/train), a model artifact's hash, a folder of a model, or an exported model",
    )
    .argument("<images...>", "image files, folders or globs")
    .option("--top <count>", "tags for each image", wholeNumber, 30)
    .option("--min <score>", "leave out tags below this score", share, 0)
    .addOption(
      new Option(
        "--json",
        "print one line of JSON for each image: {image, labels: [{tag, score}]}",
      ).conflicts("csv"),
    )
    .option("--csv", "print image,tag,score");
  storeOption(command);
  examples(command, [
    ["pipe predict train holiday.jpg", "tags of a picture, with bars"],
    ["pipe predict train photos/ --top 5 --min 0.1", "of all pictures in a folder"],
    ["pipe predict 3f9a1c 'photos/**/*.jpg' --json", "by a model artifact's hash, for programs"],
  ]);
  command.action((model: string, images: readonly string[], options: PredictOptions) =>
    predict(model, images, options, terminal),
  );
}

async function predict(
  name: string,
  images: readonly string[],
  options: PredictOptions,
  terminal: Terminal,
): Promise<void> {
  const source = findModel(options.store, name);
  const { topLabels } = await import("../student/labels.js");
  const { expandImages, predictImages } = await import("../student/predict-images.js");
  const student = await load(source);
  const print = printer(options, terminal);
  const tally = { done: 0, broken: 0 };
  try {
    for await (const prediction of predictImages(
      student,
      expandImages(images),
      await preparer(student.resize ?? source.resize, student.size),
    )) {
      if (!process.stdout.writable) break; // Its reader has gone: `| head`.
      if (prediction.ok) {
        tally.done++;
        const labels = topLabels(prediction.scores, student.tags, options.top);
        print(
          prediction.image,
          labels.filter(({ score }) => score >= options.min),
        );
      } else {
        tally.broken++;
        terminal.err(`${printable(prediction.image)}: ${printable(prediction.problem)}`);
      }
    }
  } finally {
    student.dispose();
  }
  if (tally.broken > 0) {
    terminal.err(`${plural(tally.broken, "image")} could not be read, ${count(tally.done)} done`);
    process.exitCode = EXIT.failed;
  }
}

async function load(source: ModelSource): Promise<Student> {
  const { openEngine } = await import("../engine/engine.js");
  const { resolveEngine } = await import("../engine/resolve.js");
  const { openStudent } = await import("../student/open-student.js");
  return openStudent(source.location, await openEngine(resolveEngine("auto")));
}

function printer(
  options: PredictOptions,
  terminal: Terminal,
): (image: string, labels: readonly Label[]) => void {
  const { out, outPaint } = terminal;
  if (options.json) return (image, labels) => out(jsonLine(image, labels));
  if (options.csv) {
    out(CSV_HEADER);
    return (image, labels) => {
      for (const line of csvLines(image, labels)) out(line);
    };
  }
  if (process.stdout.isTTY) return (image, labels) => out(barsText(image, labels, outPaint));
  return (image, labels) => out(plainText(image, labels));
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError("expected a whole number of at least 1");
  return Number(text);
}
