import { existsSync, mkdirSync, renameSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { PaidWork } from "../../contract/kind.js";
import { TASK_FILES, type Task } from "../../contract/task.js";
import { indexLog, listLogs } from "../../core/answer-log.js";
import { fsyncPath, writeFileAtomic } from "../../core/files.js";
import { hashRecord, type Sha256, sha256 } from "../../core/hash.js";
import { canonicalJson } from "../../core/json.js";
import { isSha256, ledgerFolder } from "../../core/layout.js";
import type { Leases } from "./leases.js";
import { namesIn, parseJson, textOf } from "./paths.js";
import { runOfTask } from "./task-folders.js";

/** Names what decides a paid answer beside the item's bytes. */
export function ledgerOf(work: PaidWork): Sha256 {
  return hashRecord({ tag: "paid/1", asks: work.asks, ledger: work.ledger });
}

/**
 * Answers that were paid for: `paid/<ledger>/`, with a log for each stage host that has asked, and ledger.json, which
 * tells people what the answers are to. gc leaves them alone, and no other part of the store is needed to read them.
 */
export class Paid {
  readonly folder: string;

  constructor(
    private readonly root: string,
    private readonly tasks: string,
    private readonly leases: Leases,
  ) {
    this.folder = join(root, "paid");
  }

  /** The folder of a ledger, made where there is none. */
  open(work: PaidWork): Sha256 {
    const ledger = ledgerOf(work);
    const path = join(ledgerFolder(this.root, ledger), "ledger.json");
    if (!existsSync(path)) writeFileAtomic(path, `${canonicalJson({ asks: work.asks, ...work.ledger })}\n`);
    return ledger;
  }

  ledgers(): Sha256[] {
    return namesIn(this.folder).filter(isSha256);
  }

  /** Absolute paths of the logs of a ledger. */
  logs(ledger: Sha256): string[] {
    const folder = ledgerFolder(this.root, ledger);
    return listLogs(folder).map((name) => join(folder, `${name}.jsonl`));
  }

  /** The same with those that dead runs have left in their task folders. */
  allLogs(ledger: Sha256): string[] {
    return [...this.logs(ledger), ...this.abandoned(ledger).map((task) => join(task, TASK_FILES.answers))];
  }

  /** Task folders, of runs that are no more, in which answers may lie. */
  abandoned(ledger?: Sha256): string[] {
    return namesIn(this.tasks)
      .filter((name) => !this.leases.isLive(runOfTask(name) ?? ""))
      .map((name) => join(this.tasks, name))
      .filter((task) => {
        const of = ledgerOfTask(task);
        return of !== undefined && (ledger === undefined || of === ledger);
      });
  }

  /**
   * Takes over the log of answers in a task folder, however its host ended; the folder may then be removed. A host that
   * has outlived its runner goes on writing to the same file.
   */
  takeFrom(task: string): void {
    const log = join(task, TASK_FILES.answers);
    const ledger = ledgerOfTask(task);
    if (ledger === undefined || statSync(log).size === 0) return;
    const folder = ledgerFolder(this.root, ledger);
    const path = join(folder, `${sha256(basename(task)).slice(0, 16)}.jsonl`);
    mkdirSync(folder, { recursive: true });
    renameSync(log, path);
    fsyncPath(folder);
    // Only a shortcut: a log without an index, or longer than its index knows, is read from end to end.
    writeFileAtomic(path.replace(/jsonl$/, "idx"), indexLog(path).encode(statSync(path).size));
  }
}

/** The ledger whose answers a task folder may hold. */
function ledgerOfTask(task: string): Sha256 | undefined {
  if (!existsSync(join(task, TASK_FILES.answers))) return undefined;
  const { ledger } = (parseJson(textOf(join(task, TASK_FILES.task)) ?? "") ?? {}) as Partial<Task>;
  return isSha256(ledger) ? ledger : undefined;
}
