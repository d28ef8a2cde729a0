import type { Label } from "../student/labels.js";
import type { Paint } from "./shared/colour.js";
import { csvField, printable } from "./shared/format.js";

/** Columns of a full bar. */
const BAR = 24;
const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** An image with bars, for a terminal: its name, then one line for each tag. */
export function barsText(image: string, labels: readonly Label[], paint: Paint): string {
  const names = labels.map(({ tag }) => printable(tag));
  const width = Math.max(0, ...names.map((name) => [...name].length));
  const lines = labels.map(({ score }, i) => {
    const name = names[i]! + " ".repeat(width - [...names[i]!].length);
    return `  ${name}  ${score.toFixed(3)}  ${paint("cyan", bar(score))}`.trimEnd();
  });
  return [paint("bold", printable(image)), ...(lines.length > 0 ? lines : ["  no tag"])].join("\n");
}

/** A bar of a share in [0, 1], to an eighth of a column. */
function bar(share: number): string {
  const eighths = Math.round(share * BAR * 8);
  return "█".repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8]!;
}

/** An image on one line, for pipes and logs. */
export function plainText(image: string, labels: readonly Label[]): string {
  const tags = labels.map(({ tag, score }) => `${printable(tag)} ${score}`).join(", ");
  return `${printable(image)}: ${tags || "no tag"}`;
}

/** An image as one line of JSON. */
export function jsonLine(image: string, labels: readonly Label[]): string {
  return JSON.stringify({ image, labels });
}

export const CSV_HEADER = "image,tag,score";

/** An image as lines of CSV (RFC 4180), one for each tag; nothing for an image without tags. */
export function csvLines(image: string, labels: readonly Label[]): string[] {
  return labels.map(({ tag, score }) => [csvField(image), csvField(tag), score].join(","));
}
