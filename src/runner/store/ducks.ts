import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Duck } from "../../core/duck.js";
import { uniqueName } from "./paths.js";

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

  /** One without tables; to be given back. */
  async take(): Promise<Duck> {
    const idle = this.idle.pop();
    if (idle) return idle;
    mkdirSync(this.folder, { recursive: true });
    return Duck.open({ scratch: this.scratch });
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
