import { join } from "node:path";
import type { PaidAnswers } from "../contract/stage.js";
import { TASK_FILES } from "../contract/task.js";
import { AnswerReader, AnswerWriter } from "../core/answer-log.js";
import { ledgerFolder } from "../core/layout.js";
import type { Redactor } from "./redact.js";

/** Answers of earlier runs from the store, those of this host from the log in its task folder, which the runner takes over. */
export function openPaid(storeRoot: string, ledger: string, folder: string, redactor: Redactor): PaidAnswers {
  const kept = new AnswerReader(ledgerFolder(storeRoot, ledger));
  const log = new AnswerWriter(join(folder, TASK_FILES.answers));
  return {
    get: (blob) => log.get(blob) ?? kept.get(blob),
    asking: (asked) => log.note({ asked }),
    keep: (answers) => log.keep(answers.map(({ blob, json }) => ({ blob, json: redactor.text(json) }))),
    unanswered: (unanswered) => log.note({ unanswered }),
  };
}
