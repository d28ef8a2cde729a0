import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Duck } from "../../core/duck.js";
import { uniqueName } from "./paths.js";

/** So many rows are worth a second thread: fewer make one row group, and it waits all the time, which costs a tenth. */
const ROWS_FOR_TWO = 100_000;

/**
 * DuckDB for one piece of work after another: to open one takes as long as much of what a small stage asks of it. Work that
 * goes on at the same time has one each.
 */
export class Ducks {
  private readonly idle: Duck[] = [];
  private readonly scratch: string;

  /** @param folder where they may spill to */
  constructor(private readonly folder: string) {
    this.scratch = join(folder, `duck.${uniqueName()}`);
  }

  /**
   * One without tables; to be given back.
   *
   * @param rows that the work is about, at most, where that is known
   */
  async take(rows?: number): Promise<Duck> {
    const threads = rows === undefined || rows >= ROWS_FOR_TWO ? 2 : 1;
    const idle = this.idle.pop();
    if (idle) {
      await idle.useThreads(threads);
      return idle;
    }
    mkdirSync(this.folder, { recursive: true });
    return Duck.open({ scratch: this.scratch, threads });
  }

  /** Takes one back, whatever became of the work. */
  async give(duck: Duck): Promise<void> {
    try {
      await duck.clear();
      this.idle.push(duck);
    } catch {
      // It is no good any more: the next piece of work gets another.
      duck.close();
    }
  }

  close(): void {
    for (const duck of this.idle.splice(0)) duck.close();
    rmSync(this.scratch, { recursive: true, force: true });
  }
}
