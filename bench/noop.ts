import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { measure, mustRun, PIPE, peer, printTimings, type Timed } from "./measure.js";

/** A run with nothing to do: a chain of 8 commands on one tiny file, beside `dvc repro` and `snakemake`. */
const STAGES = 8;
const RUNS = Number(process.argv[2] ?? 7);
const top = mkdtempSync(join(tmpdir(), "pipestill-noop-"));

function project(name: string, files: Record<string, string>): string {
  const folder = join(top, name);
  mkdirSync(folder);
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
  return folder;
}

const numbers = Array.from({ length: STAGES }, (_, i) => i + 1);

function ours(): Timed {
  const stage = (i: number) => {
    const from = i === 1 ? "in.txt" : "$INPUT_PREVIOUS/out.txt";
    const inputs = i === 1 ? "" : `    inputs: { previous: s${i - 1} }\n`;
    const deps = i === 1 ? ", deps: [in.txt]" : "";
    return `  s${i}:\n    uses: exec\n${inputs}    with: { command: 'cat ${from} > "$OUTPUT/out.txt"', outputs: [out.txt]${deps} }\n`;
  };
  const cwd = project("ours", {
    "in.txt": "tiny\n",
    "pipeline.yaml": `version: 1\nname: noop\nstages:\n${numbers.map(stage).join("")}`,
  });
  mustRun([...PIPE, "run", "pipeline.yaml"], cwd);
  return { name: "pipe run", command: [...PIPE, "run", "pipeline.yaml"], cwd };
}

function dvc(program: string): Timed {
  const file = (i: number) => (i === 0 ? "in.txt" : `out${i}.txt`);
  const stage = (i: number) =>
    `  s${i}:\n    cmd: cat ${file(i - 1)} > ${file(i)}\n    deps: [${file(i - 1)}]\n    outs: [${file(i)}]\n`;
  const cwd = project("dvc", {
    "in.txt": "tiny\n",
    "dvc.yaml": `stages:\n${numbers.map(stage).join("")}`,
  });
  const env = { DVC_NO_ANALYTICS: "1" };
  mustRun(["git", "init", "-q"], cwd);
  mustRun([program, "init", "-q"], cwd, env);
  mustRun([program, "repro"], cwd, env);
  return { name: "dvc repro", command: [program, "repro"], cwd, env };
}

function snakemake(program: string): Timed {
  const file = (i: number) => (i === 0 ? "in.txt" : `out${i}.txt`);
  const rule = (i: number) =>
    `rule s${i}:\n    input: "${file(i - 1)}"\n    output: "${file(i)}"\n    shell: "cat {input} > {output}"\n`;
  const cwd = project("snakemake", {
    "in.txt": "tiny\n",
    Snakefile: `rule all:\n    input: "${file(STAGES)}"\n${numbers.map(rule).join("")}`,
  });
  const command = [program, "--cores", "2", "--quiet", "all"];
  mustRun(command, cwd);
  return { name: "snakemake", command, cwd };
}

const commands = [ours()];
const dvcProgram = peer("dvc");
if (dvcProgram) commands.push(dvc(dvcProgram));
const snakemakeProgram = peer("snakemake");
if (snakemakeProgram) commands.push(snakemake(snakemakeProgram));
commands.push({ name: "node -e 0", command: [process.execPath, "-e", "0"], cwd: top });
printTimings(`no-op of ${STAGES} stages on one tiny file`, measure(commands, RUNS));
rmSync(top, { recursive: true, force: true });
