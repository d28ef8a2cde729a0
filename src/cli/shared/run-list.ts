import type { RunRecord } from "../../runner/lineage/record.js";
import type { Runs } from "../../runner/store/runs.js";
import type { Colour, Paint } from "./colour.js";
import { duration } from "./format.js";

const COLOURS: Readonly<Record<RunRecord["status"], Colour>> = {
  running: "cyan",
  succeeded: "green",
  failed: "red",
  interrupted: "yellow",
  crashed: "red",
};

/** The newest runs, newest first: `limit` of them that are of the pipeline, if one is named. Reads no more than that. */
export function newestRuns(runs: Runs, limit: number, pipeline?: string): readonly RunRecord[] {
  const found: RunRecord[] = [];
  for (const id of runs.ids().toReversed()) {
    if (found.length >= limit) break;
    const run = runs.get(id);
    if (run && (pipeline === undefined || run.pipeline === pipeline)) found.push(run);
  }
  return found;
}

/** A run as cells: id, status, how long, what it did. */
export function runLine(run: RunRecord, paint: Paint): string[] {
  const number = (status: string) => run.stages.filter((stage) => stage.status === status).length;
  const parts = [
    ["ran", number("ran")],
    ["up to date", number("cached")],
    ["failed", number("failed")],
    ["skipped", number("skipped") + number("interrupted")],
  ] as const;
  const did = parts.filter(([, n]) => n > 0).map(([text, n]) => `${n} ${text}`);
  return [run.runId, paint(COLOURS[run.status], run.status), duration(run.durationMs), did.join(", ")];
}
