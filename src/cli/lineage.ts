import { rmSync } from "node:fs";
import { type Command, Option } from "commander";
import { type Lineage, traceLineage } from "../runner/lineage/trace.js";
import type { LineageStep } from "../runner/lineage/walk.js";
import { rightsCsv, rightsJson, rightsMarkdown, rightsText } from "./lineage-rights.js";
import { findArtifact } from "./shared/artifact.js";
import type { Paint } from "./shared/colour.js";
import { UsageError } from "./shared/errors.js";
import { bytes, columns, plural, printable } from "./shared/format.js";
import {
  examples,
  jsonOption,
  type OutputOptions,
  type StoreOptions,
  storeOption,
} from "./shared/options.js";
import { jsonText, printStream, type Terminal } from "./shared/output.js";
import { newestRuns } from "./shared/run-list.js";
import { withExistingStore } from "./shared/session.js";

type LineageOptions = StoreOptions &
  OutputOptions & { readonly rights?: true; readonly csv?: true; readonly md?: true };

export function declare(command: Command, terminal: Terminal): void {
  command
    .argument(
      "<name>",
      "a stage, an artifact's hash (6 digits do), a path, an item's id, a run, or `last` for the last one",
    )
    .option("--rights", "the sources of all images in a model, data set or table, and their licences")
    .option("--csv", "with --rights: a line for each image")
    .addOption(new Option("--md", "with --rights: an ATTRIBUTION.md").conflicts(["csv", "json"]));
  jsonOption(storeOption(command));
  examples(command, [
    ["pipe lineage vision-distill/train", "what the newest model was made of"],
    ["pipe lineage 3f9a1c", "an artifact by its hash"],
    ["pipe lineage photos/cat.jpg", "an image: its labels, and what was learnt from them"],
    ["pipe lineage train --rights", "licences of the images a model learned from"],
    ["pipe lineage train --rights --md > ATTRIBUTION.md", "credits for all of them"],
  ]);
  command.action(async (name: string, options: LineageOptions) => {
    if (options.rights) return printRights(name, options, terminal);
    if (options.csv || options.md) throw new UsageError("--csv and --md go with --rights");
    const lineage = await withExistingStore(options.store, (store) => {
      const last = name === "last" ? newestRuns(store.runs, 1)[0]?.runId : undefined;
      return traceLineage(store, last ?? name);
    });
    if (!lineage) {
      throw new UsageError(
        `the store knows no artifact, item, file or run ${name}`,
        "pipe runs lists the runs; a hash needs its first 6 digits",
      );
    }
    terminal.out(options.json ? jsonText(lineage) : lineageText(lineage, terminal.outPaint));
  });
}

async function printRights(name: string, options: LineageOptions, terminal: Terminal): Promise<void> {
  const { Rights } = await import("../runner/lineage/rights.js");
  await withExistingStore(options.store, async (store) => {
    const artifact = findArtifact(store, name, { noun: "artifact", from: "train, pack, crawl" });
    const scratch = store.workFolder("rights");
    const rights = await Rights.open(store, artifact, scratch);
    try {
      if (options.json) await printStream(rightsJson(name, rights));
      else if (options.csv) await printStream(rightsCsv(rights));
      else if (options.md) await printStream(rightsMarkdown(name, rights));
      else terminal.out(await rightsText(name, rights, terminal.outPaint));
    } finally {
      rights.close();
      rmSync(scratch, { recursive: true, force: true });
    }
  });
}

/** Sources first, then what was named, then what was made of it. */
export function lineageText(lineage: Lineage, paint: Paint): string {
  const known = new Map([...lineage.from, ...lineage.to].flatMap(producers));
  const section = (title: string, steps: readonly LineageStep[]) =>
    steps.length === 0
      ? []
      : ["", paint("dim", title), ...steps.flatMap((step) => stepLines(step, known, paint))];
  return [
    ...headLines(lineage, paint),
    ...section("made from, sources first", lineage.from),
    ...section("made of it", lineage.to),
  ].join("\n");
}

function headLines(lineage: Lineage, paint: Paint): string[] {
  const title = `${lineage.subject} ${paint("bold", printable(lineage.name))}`;
  if (lineage.subject !== "item") {
    return [title, ...lineage.artifacts.map((hash) => `  ${hash}`)];
  }
  const rows = lineage.sightings.map(({ stage, table, artifact, row }) => [
    `  ${stage}`,
    table,
    artifact.slice(0, 8),
    printable(rowText(row)),
  ]);
  return [`${title}, in ${plural(lineage.sightings.length, "row")}`, ...columns(rows)];
}

/** A table's row in short: its scalars that are there. */
function rowText(row: Readonly<Record<string, unknown>>): string {
  const cells = Object.entries(row).flatMap(([name, value]) => {
    if (value === null) return [];
    const text = typeof value === "object" ? JSON.stringify(value) : String(value);
    return [`${name}=${text.length > 40 ? `${text.slice(0, 39)}…` : text}`];
  });
  return cells.join(" ");
}

/** Artifact → the stage and port that gave it. */
function producers(step: LineageStep): [hash: string, name: string][] {
  return Object.entries(step.outputs).map(([port, { hash }]) => [hash, `${step.stage}.${port}`]);
}

function stepLines(step: LineageStep, known: ReadonlyMap<string, string>, paint: Paint): string[] {
  const versions = Object.entries(step.versions).map(([name, version]) => `${name} ${String(version)}`);
  const inputs = Object.entries(step.inputs).map(([port, hash]) => [
    `    ${port}`,
    "←",
    hash.slice(0, 8),
    known.get(hash) ?? "",
  ]);
  const outputs = Object.entries(step.outputs).map(([port, { hash, bytes: size, rows }]) => [
    `    ${port}`,
    "→",
    hash.slice(0, 8),
    [bytes(size), ...(rows === undefined ? [] : [plural(rows, "row")])].join(", "),
  ]);
  return [
    `  ${paint("bold", step.stage)} (${step.kind})  run ${step.runId}  ${step.createdAt}`,
    ...columns([...inputs, ...outputs]),
    ...(versions.length > 0 ? [`    ${paint("dim", versions.join(", "))}`] : []),
  ];
}
