import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { JsonObject } from "../../src/core/json.js";
import { temporaryFolder } from "../rigs/folder.js";
import { writeData } from "../student/data.js";
import { WITH } from "./train-params.js";

const CHILD = fileURLToPath(new URL("./train-child.js", import.meta.url));

/** Trainings of 40 images in 5 steps an epoch, in processes of their own. */
export class KillRig {
  private constructor(
    private readonly engine: string,
    private readonly data: string,
  ) {}

  static async open(engine: string): Promise<KillRig> {
    const data = temporaryFolder();
    await writeData(data, { train: 40 });
    return new KillRig(engine, data);
  }

  /** A training that nobody disturbs. @returns the folder of its model */
  async straight(params: JsonObject = {}): Promise<string> {
    const out = temporaryFolder();
    assert.equal(await this.run(temporaryFolder(), out, params), 0);
    return join(out, "model");
  }

  /** One that is killed with SIGKILL in each of the steps in turn, counted in its process, and then left alone. */
  async killed(steps: readonly number[], params: JsonObject = {}) {
    const [scratch, out] = [temporaryFolder(), temporaryFolder()];
    for (const step of steps) {
      assert.equal(await this.run(scratch, out, params, step), "SIGKILL");
      assert.ok(!existsSync(join(out, "model")));
    }
    assert.equal(await this.run(scratch, out, params), 0);
    const notes = readFileSync(join(out, "notes.txt"), "utf8").trim().split("\n");
    return { model: join(out, "model"), resumptions: notes.filter((note) => note.startsWith("resumed")) };
  }

  private run(scratch: string, out: string, params: JsonObject, killAt = 0): Promise<number | string | null> {
    mkdirSync(out, { recursive: true });
    const filled = JSON.stringify({ ...WITH, epochs: 6, ...params });
    const child = spawn(
      process.execPath,
      [CHILD, this.data, scratch, out, this.engine, filled, String(killAt)],
      { stdio: ["ignore", "ignore", "inherit"] },
    );
    return new Promise((resolve) => child.on("close", (code, signal) => resolve(signal ?? code)));
  }
}
