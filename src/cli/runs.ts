import type { Command } from "commander";
import type { RunRecord } from "../runner/lineage/record.js";
import { failuresText } from "./reporters/failure.js";
import { summaryText } from "./reporters/summary.js";
import type { Paint } from "./shared/colour.js";
import { UsageError } from "./shared/errors.js";
import { columns, printable } from "./shared/format.js";
import {
  examples,
  jsonOption,
  type OutputOptions,
  positive,
  type StoreOptions,
  storeOption,
} from "./shared/options.js";
import { jsonText, type Terminal } from "./shared/output.js";
import { newestRuns, runLine } from "./shared/run-list.js";
import { withExistingStore } from "./shared/session.js";

type RunsOptions = StoreOptions & OutputOptions;

export function declare(command: Command, terminal: Terminal): void {
  const list = command
    .command("list", { isDefault: true })
    .description("List the runs, newest first.")
    .option("-n, --limit <count>", "how many", positive, 20);
  jsonOption(storeOption(list)).action((options: RunsOptions & { readonly limit: number }) =>
    listRuns(options, terminal),
  );
  const show = command
    .command("show")
    .description("Show one run: its stages, metrics, results and failures.")
    .argument("<run>", "a run's id or its beginning, or `last`");
  jsonOption(storeOption(show)).action((id: string, options: RunsOptions) => showRun(id, options, terminal));
  examples(command, [
    ["pipe runs", "the last 20"],
    ["pipe runs show last", "what the last one did"],
    ["pipe runs show 20261124T2145 --json", "a run's record, for programs"],
  ]);
}

async function listRuns(
  options: RunsOptions & { readonly limit: number },
  terminal: Terminal,
): Promise<void> {
  const { runs, total } = await withExistingStore(options.store, async (store) => ({
    runs: newestRuns(store.runs, options.limit),
    total: store.runs.ids().length,
  }));
  terminal.out(options.json ? jsonText(runs) : runsText(runs, total, terminal.outPaint));
}

/** A table of runs. */
export function runsText(runs: readonly RunRecord[], total: number, paint: Paint): string {
  if (runs.length === 0) return "No runs yet.";
  const rows = runs.map((run) => {
    const [id = "", ...rest] = runLine(run, paint);
    return [id, run.pipeline, ...rest, printable(run.overrides.map((text) => `-S ${text}`).join(" "))];
  });
  const titles = ["run", "pipeline", "status", "time", "stages", ""].map((title) => paint("dim", title));
  const more = total > runs.length ? [`and ${total - runs.length} older: --limit ${total}`] : [];
  return [...columns([titles, ...rows]), ...more].join("\n");
}

async function showRun(id: string, options: RunsOptions, terminal: Terminal): Promise<void> {
  const { run, root } = await withExistingStore(options.store, async (store) => ({
    run: id === "last" ? newestRuns(store.runs, 1)[0] : store.runs.get(id),
    root: store.root,
  }));
  if (!run) throw new UsageError(`no run ${id}`, "pipe runs lists them");
  if (options.json) {
    terminal.out(jsonText(run));
    return;
  }
  const failures = failuresText(run, undefined, terminal.outPaint);
  terminal.out(summaryText(run, root, terminal.outPaint));
  if (failures !== "") terminal.out(`\n${failures}`);
}
