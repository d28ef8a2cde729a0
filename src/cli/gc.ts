import { type Command, InvalidArgumentError } from "commander";
import { timeoutMs } from "../runner/config/units.js";
import { gc } from "../runner/store/gc.js";
import type { GcReport } from "../runner/store/sweeper.js";
import { bytes, columns, count } from "./shared/format.js";
import {
  examples,
  jsonOption,
  type OutputOptions,
  positive,
  type StoreOptions,
  storeOption,
} from "./shared/options.js";
import { jsonText, type Terminal } from "./shared/output.js";
import { withExistingStore } from "./shared/session.js";

interface GcCommandOptions extends StoreOptions, OutputOptions {
  readonly dryRun?: true;
  readonly keepLast?: number;
  readonly olderThan?: number;
  readonly paid?: true;
}

export function declare(command: Command, terminal: Terminal): void {
  command
    .option("--dry-run", "only tell what would go")
    .option("--keep-last <count>", "forget all but the newest runs", positive)
    .option("--paid", "remove all answers that were paid for, too: asked for again, they cost again")
    .option("--older-than <age>", "forget runs older than this: 30d, 12h", age);
  jsonOption(storeOption(command));
  command.addHelpText(
    "after",
    "\nKept is what any run, latest/ or a live run refers to, and what the item cache can still give. Runs are\n" +
      "forgotten only where --keep-last or --older-than says so; given both, a run goes when both say so. Features\n" +
      "of frozen layers go when no run that is kept was there to use them. Paid answers stay unless --paid names them.",
  );
  examples(command, [
    ["pipe gc --dry-run", "what nothing refers to"],
    ["pipe gc --keep-last 20", "keep the newest 20 runs and what they refer to"],
    ["pipe gc --older-than 30d", "forget runs of more than 30 days ago"],
    ["pipe gc --keep-last 5 --older-than 30d", "but the newest 5, however old they are"],
  ]);
  command.action(async (options: GcCommandOptions) => {
    const { dryRun = false, keepLast, olderThan, paid = false } = options;
    const report = await withExistingStore(options.store, (store) =>
      gc(store, {
        dryRun,
        paid,
        ...(keepLast === undefined ? {} : { keepLast }),
        ...(olderThan === undefined ? {} : { olderThanMs: olderThan }),
      }),
    );
    terminal.out(options.json ? jsonText(report) : gcText(report));
  });
}

/** A time in milliseconds: "30d", "12h", "90m". */
function age(text: string): number {
  const ms = timeoutMs(text);
  if (ms === undefined || !Number.isFinite(ms))
    throw new InvalidArgumentError("Expected an age like 30d or 12h.");
  return ms;
}

/** What went, by category; categories of which nothing went are left out. */
export function gcText(report: GcReport): string {
  const rows = Object.entries(report.removed)
    .filter(([, { count: n }]) => n > 0)
    .map(([category, entry]) => [`  ${category}`, count(entry.count), bytes(entry.bytes)]);
  if (rows.length === 0) return "Nothing to remove.";
  return [`${report.dryRun ? "Would remove" : "Removed"} ${bytes(report.bytes)}:`, ...columns(rows)].join(
    "\n",
  );
}
