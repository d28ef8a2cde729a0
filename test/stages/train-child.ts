// Runs the train stage in a process of its own, for tests that kill it: train-child.js <data> <scratch> <out> <with>
import { appendFileSync, cpSync } from "node:fs";
import { join } from "node:path";
import { stage } from "../../src/stages/train/run.js";
import { rigContext } from "../rigs/context.js";
import { dataFiles } from "../student/data.js";

const [data, scratch, out, params] = process.argv.slice(2) as [string, string, string, string];
const context = rigContext({
  with: JSON.parse(params),
  inputs: { data: dataFiles(data) },
  seed: 5,
  scratch,
});
await stage.run({
  ...context,
  progress: (_done, _total, text) => void process.stdout.write(`${text}\n`),
  note: (message) => appendFileSync(join(out, "notes.txt"), `${message}\n`),
});
cpSync(context.outDir("model"), join(out, "model"), { recursive: true });
