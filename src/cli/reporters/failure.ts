import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { relative } from "node:path";
import type { RunRecord, StageRecord } from "../../runner/lineage/record.js";
import type { Paint } from "../shared/colour.js";
import { printable } from "../shared/format.js";

const LOG_LINES = 20;
const LINE_LENGTH = 1000;
const LOG_BYTES = 64 * 1024;

/** Everything that helps with each failed stage: message, hint, the end of its log, the command that reruns it. */
export function failuresText(record: RunRecord, storeOption: string | undefined, paint: Paint): string {
  return record.stages
    .filter(({ status }) => status === "failed")
    .map((stage) => failureText(stage, storeOption, paint))
    .join("\n\n");
}

function failureText(stage: StageRecord, storeOption: string | undefined, paint: Paint): string {
  const { message = stage.reason, hint, log, rerun } = stage.failure ?? {};
  const tail = log === undefined ? [] : logTail(log);
  return [
    `${paint("red", `${stage.name} failed:`)} ${printable(message)}`,
    ...(hint === undefined ? [] : [`  ${paint("cyan", "hint:")} ${printable(hint)}`]),
    ...(tail.length === 0
      ? []
      : [`  ${paint("dim", "the end of its log:")}`, ...tail.map((line) => `  | ${line}`)]),
    ...(log === undefined || tail.length === 0
      ? []
      : [`  ${paint("dim", "log:")} ${relative(process.cwd(), log)}`]),
    ...(rerun === undefined
      ? []
      : [
          `  ${paint("dim", "run it again:")} ${rerun}${storeOption === undefined ? "" : ` --store ${storeOption}`}`,
        ]),
  ].join("\n");
}

/** The last lines of a log; of a huge one only its end is read. Empty where there is none. */
export function logTail(path: string): string[] {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch {
    return [];
  }
  try {
    const { size } = fstatSync(fd);
    const buffer = Buffer.alloc(Math.min(size, LOG_BYTES));
    const read = readSync(fd, buffer, 0, buffer.length, size - buffer.length);
    const text = printable(buffer.toString("utf8", 0, read).replaceAll("\r", "")).trimEnd();
    const lines = text === "" ? [] : text.split("\n").slice(-LOG_LINES);
    return lines.map((line) => (line.length > LINE_LENGTH ? `${line.slice(0, LINE_LENGTH)}…` : line));
  } finally {
    closeSync(fd);
  }
}
