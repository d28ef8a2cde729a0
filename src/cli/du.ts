import type { Command } from "commander";
import { type Breakdown, diskUsage, type Share, type Usage } from "../runner/store/du.js";
import { PARTS, type Part, type Space } from "../runner/store/du-parts.js";
import type { Paint } from "./shared/colour.js";
import { bytes, columns, count, plural, printable } from "./shared/format.js";
import {
  examples,
  jsonOption,
  type OutputOptions,
  type StoreOptions,
  storeOption,
} from "./shared/options.js";
import { jsonText, type Terminal } from "./shared/output.js";
import { withExistingStore } from "./shared/session.js";

/** Runs shown; those with most of their own come first. */
const RUNS = 10;

const TITLES: Readonly<Record<Part, string>> = {
  blobs: "blobs in files",
  packs: "blobs in packs",
  itemCache: "item cache",
  otherCaches: "other caches",
  artifacts: "artifact manifests",
  results: "results",
  runs: "runs",
  latest: "latest",
  paid: "paid answers",
  snapshots: "snapshots",
  scratch: "scratch",
  damaged: "damaged",
  other: "other",
};

type DuOptions = StoreOptions & OutputOptions;

export function declare(command: Command, terminal: Terminal): void {
  jsonOption(storeOption(command));
  command.addHelpText(
    "after",
    "\nalone: blobs that no other stage, pipeline or run refers to. shared: those that another refers to as well;\n" +
      "the line `shared, once` counts each of them one time.",
  );
  examples(command, [["pipe du", "what takes the space, by part, stage, pipeline and run"]]);
  command.action(async (options: DuOptions) => {
    // It is asked when the disk is full: nothing is written there.
    const usage = await withExistingStore(options.store, diskUsage, { readOnly: true });
    terminal.out(options.json ? jsonText(usage) : usageText(usage, terminal.outPaint));
  });
}

/** Tables of parts, of kinds with their stages, of pipelines and of runs; parts without a file are left out. */
export function usageText(usage: Usage, paint: Paint): string {
  const { total, blobs } = usage;
  const head = `${paint("bold", printable(usage.root))}: ${bytes(total.bytes)} in ${plural(total.files, "file")}, ${bytes(total.diskBytes)} on disk`;
  const line = (space: Space) => [bytes(space.bytes), bytes(space.diskBytes), count(space.files)];
  const parts = PARTS.filter((part) => usage.parts[part].files > 0).map((part) => [
    `  ${TITLES[part]}`,
    ...line(usage.parts[part]),
  ]);
  const unclaimed = [
    ["  only the item cache", bytes(blobs.cacheOnly)],
    ["  nothing: pipe gc removes them", bytes(blobs.unreferenced)],
  ].filter((_, i) => (i === 0 ? blobs.cacheOnly : blobs.unreferenced) > 0);
  const sections = [
    section(["part", "bytes", "on disk", "files"], parts, paint),
    section(["kind and stage", "alone", "shared"], stageRows(usage), paint),
    section(["pipeline", "alone", "shared"], shareRows(usage.pipelines), paint),
    section(["run", "alone", "shared", "folder", "pipeline"], runRows(usage.runs), paint),
    section(["blobs that no stage refers to", "bytes"], unclaimed, paint),
  ];
  return [head, ...sections.filter((text) => text !== "")].join("\n\n");
}

function section(titles: readonly string[], rows: readonly (readonly string[])[], paint: Paint): string {
  if (rows.length === 0) return "";
  return columns([titles.map((title) => paint("dim", title)), ...rows]).join("\n");
}

const cells = ({ alone, shared }: Share) => [bytes(alone), bytes(shared)];

const sharedRow = ({ shared }: Breakdown) => (shared > 0 ? [["  shared, once", "", bytes(shared)]] : []);

const bySize = (a: Share, b: Share) => b.alone - a.alone || b.shared - a.shared || (a.name < b.name ? -1 : 1);

function shareRows(breakdown: Breakdown): string[][] {
  const rows = breakdown.entries
    .toSorted(bySize)
    .map((entry) => [`  ${printable(entry.name)}`, ...cells(entry)]);
  return [...rows, ...sharedRow(breakdown)];
}

function stageRows({ kinds, stages }: Usage): string[][] {
  const rows = kinds.entries.toSorted(bySize).flatMap((kind) => [
    [`  ${printable(kind.name)}`, ...cells(kind)],
    ...stages.entries
      .filter((stage) => stage.kind === kind.name)
      .toSorted(bySize)
      .map((stage) => [`    ${printable(stage.name)}`, ...cells(stage)]),
  ]);
  return [...rows, ...sharedRow(stages)];
}

function runRows(runs: Usage["runs"]): string[][] {
  const rows = runs.entries
    .toSorted(bySize)
    .map((run) => [`  ${run.name}`, ...cells(run), bytes(run.folder), printable(run.pipeline)]);
  const more = rows.length > RUNS ? [[`  and ${count(rows.length - RUNS)} more: --json lists them`]] : [];
  return [...rows.slice(0, RUNS), ...more, ...sharedRow(runs)];
}
