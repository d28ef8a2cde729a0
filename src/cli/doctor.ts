import type { Command } from "commander";
import { examineCore } from "../core/doctor.js";
import type { Finding } from "../core/finding.js";
import { examineEngines } from "../engine/doctor.js";
import { examineStore } from "../runner/store/doctor.js";
import { examineSharp } from "../stages/doctor.js";
import type { Colour, Paint } from "./shared/colour.js";
import { EXIT } from "./shared/errors.js";
import { columns, plural, printable } from "./shared/format.js";
import {
  examples,
  jsonOption,
  type OutputOptions,
  type StoreOptions,
  storeFlag,
  storeOption,
} from "./shared/options.js";
import { jsonText, type Terminal } from "./shared/output.js";

type DoctorOptions = StoreOptions & OutputOptions;

const COLOURS: Readonly<Record<Finding["level"], Colour>> = { ok: "green", note: "yellow", problem: "red" };

export function declare(command: Command, terminal: Terminal): void {
  jsonOption(storeOption(command));
  command.addHelpText(
    "after",
    "\nA problem comes with the command or step that mends it, and makes the exit code 1. A note is worth knowing:\n" +
      "what a killed run left behind does no harm. The bytes in the store are checked by pipe verify.",
  );
  examples(command, [["pipe doctor", "is the store fit to run, and is everything installed"]]);
  command.action(async (options: DoctorOptions) => {
    const findings = [
      ...examineStore(options.store, storeFlag(options.store)),
      ...(await examineCore()),
      await examineSharp(),
      ...(await examineEngines()),
    ];
    const problems = findings.filter(({ level }) => level === "problem").length;
    terminal.out(
      options.json
        ? jsonText({ problems, findings })
        : `${findingsText(findings, terminal.outPaint)}\n${verdict(problems)}`,
    );
    if (problems > 0) process.exitCode = EXIT.failed;
  });
}

/** A line for each finding, and one for what mends it. */
export function findingsText(findings: readonly Finding[], paint: Paint): string {
  const lines = columns(
    findings.map(({ check, level, message }) => [check, paint(COLOURS[level], level), printable(message)]),
  );
  return findings
    .flatMap(({ fix }, i) => [
      lines[i] ?? "",
      ...(fix === undefined ? [] : [`  ${paint("cyan", "fix:")} ${printable(fix)}`]),
    ])
    .join("\n");
}

function verdict(problems: number): string {
  if (problems === 0) return "Nothing needs attention.";
  return `${plural(problems, "thing needs", "things need")} attention.`;
}
