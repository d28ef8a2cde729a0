// Trains in a process of its own, for tests that kill it: train-child.js <data> <scratch> <out> <engine> <with> <kill at step>
import { appendFileSync, cpSync } from "node:fs";
import { join } from "node:path";
import { stage } from "../../src/stages/train/run.js";
import { rigContext } from "../rigs/context.js";
import { dataFiles } from "../student/data.js";

type Arguments = [data: string, scratch: string, out: string, engine: string, params: string, killAt: string];

const [data, scratch, out, engine, params, killAt] = process.argv.slice(2) as Arguments;
const context = rigContext({
  with: JSON.parse(params),
  inputs: { data: dataFiles(data) },
  seed: 5,
  scratch,
  impl: { engine },
});
let steps = 0;
await stage.run({
  ...context,
  progress: () => void (++steps === Number(killAt) && process.kill(process.pid, "SIGKILL")),
  note: (message) => appendFileSync(join(out, "notes.txt"), `${message}\n`),
});
cpSync(context.outDir("model"), join(out, "model"), { recursive: true });
