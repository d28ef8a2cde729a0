import { renameSync } from "node:fs";
import { answerIn, isAnswer, logLines } from "../../core/answer-log.js";
import { isJsonObject } from "../../core/json.js";
import { LineFile } from "../../core/line-file.js";
import { moveToDamaged, parseJson, uniqueName } from "./paths.js";
import type { Problem } from "./problem.js";
import type { Store } from "./store.js";

/** Answers that were paid for, each against the sum beside it. A damaged one is set aside alone. */
export function* verifyPaid(store: Store, fix: boolean): Generator<Problem> {
  for (const ledger of store.paid.ledgers()) {
    for (const path of store.paid.logs(ledger)) {
      const damaged = countDamaged(path);
      if (damaged === 0) continue;
      if (fix) keepSound(store, path);
      const what =
        damaged === 1 ? "an answer that was paid for is" : `${damaged} answers that were paid for are`;
      yield { what: "paid", path, message: `${what} damaged: asked for again, they cost again`, fixed: fix };
    }
  }
}

function countDamaged(path: string): number {
  let damaged = 0;
  for (const { bytes } of logLines(path)) if (!isSound(bytes.toString("utf8"))) damaged += 1;
  return damaged;
}

function isSound(line: string): boolean {
  return isAnswer(line) ? answerIn(line) !== undefined : isJsonObject(parseJson(line));
}

/** Puts a log without its damaged lines in the place of one with them. */
function keepSound(store: Store, path: string): void {
  const draft = path.replace(/[^/]+$/, `.tmp-${process.pid}-${uniqueName()}`);
  const file = new LineFile(draft);
  for (const { bytes } of logLines(path)) {
    const line = bytes.toString("utf8");
    if (isSound(line)) file.add(line);
  }
  file.close();
  moveToDamaged(store.root, path);
  renameSync(draft, path);
}
