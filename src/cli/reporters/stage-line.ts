import type { ItemCounts, StageRecord } from "../../runner/lineage/record.js";
import { count, duration, plural, printable } from "../shared/format.js";

/** "1,500 items (1 processed, 1,499 reused, 2 set aside)"; a count that is all or nothing goes without saying. */
export function itemsText(items: ItemCounts): string {
  const { total, processed, reused, failed } = items;
  const parts = [
    ...(processed > 0 && reused > 0 ? [`${count(processed)} processed`] : []),
    ...(reused > 0 && (processed > 0 || reused < total) ? [`${count(reused)} reused`] : []),
    ...(failed > 0 ? [`${count(failed)} set aside`] : []),
  ];
  return `${plural(total, "item")}${parts.length > 0 ? ` (${parts.join(", ")})` : ""}`;
}

/** What became of a stage, without its name: "ran  1,500 items (1 processed, 1,499 reused)  2.1 s  (why)". */
export function outcomeText(stage: StageRecord): string {
  const { status, items, durationMs, reason, attempts } = stage;
  if (status === "cached") return items ? `up to date  ${itemsText(items)}` : "up to date";
  if (status === "skipped") return `skipped  (${printable(reason)})`;
  const parts = [
    status,
    ...(items ? [itemsText(items)] : []),
    duration(durationMs),
    ...(attempts > 1 ? [`${attempts} attempts`] : []),
    ...(status === "ran" ? [`(${printable(reason)})`] : []),
    ...(status === "failed" ? [printable(firstLine(stage.failure?.message ?? reason))] : []),
  ];
  return parts.join("  ");
}

/** The first line of a message that may have many. */
export function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
