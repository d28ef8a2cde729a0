/**
 * local → label → screen → index → pack over many tiny pictures with a teacher that costs nothing: seconds and peak
 * memory of each stage and of every process, a run with nothing to do, and a run after one picture changed.
 * usage: node dist/bench/million.js [--keep | --chart] [count …]   default 1000 10000 100000 1000000
 * --keep leaves the folders; --chart draws docs/images/cost.svg.
 *
 * Needs about 8 kB of disk and one inode a picture under TMPDIR. It checks nothing on its own; it measures.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Registry } from "../src/contract/kind.js";
import { loadPipeline } from "../src/runner/config/load.js";
import { runPipeline } from "../src/runner/runner.js";
import { Store } from "../src/runner/store/store.js";
import { registry } from "../src/stages/registry.js";
import { type Cost, costChart } from "./cost-chart.js";
import { median, ROOT } from "./measure.js";
import { writeTiny } from "./pictures.js";

const PIPELINE = `version: 1
name: million
stages:
  crawl: { uses: crawl, with: { source: { type: local, path: images } } }
  label: { uses: label, inputs: { images: crawl }, with: { teacher: { type: builtin } } }
  screen: { uses: screen, inputs: { images: crawl, labels: label } }
  index: { uses: index, inputs: { labels: screen }, with: { top: 500 } }
  pack: { uses: pack, inputs: { images: crawl, labels: screen, index: index }, with: { holdout: { share: 0.2 } } }
`;
/** Pixels of a picture's side. */
const SIDE = 2;
/** Runs with nothing to do, and with one picture changed. */
const RUNS = 5;
/** How often the memory of the processes is looked at, milliseconds; the system keeps each one's peak meanwhile. */
const LOOK_EVERY = 100;

/** What one run reports, as JSON. */
interface Report {
  readonly seconds: number;
  readonly stages: readonly {
    name: string;
    status: string;
    seconds: number;
    items: number;
    processed: number;
  }[];
  /** MiB by process: "runner", or the stage a host worked for. */
  readonly peaks: Readonly<Record<string, number>>;
}

/** The stage kinds with another module behind label; its name, schema and fingerprint stay. */
function benchRegistry(): Registry {
  const label = registry.kinds.get("label");
  if (!label) throw new Error("there is no kind label");
  const module = new URL("./trivial-teacher.js", import.meta.url).href;
  return { ...registry, kinds: new Map([...registry.kinds, ["label", { ...label, module }]]) };
}

/** Runs the pipeline in this process. */
async function runHere(folder: string): Promise<Report> {
  const start = performance.now();
  const loaded = await loadPipeline(join(folder, "pipeline.yaml"), {
    registry: benchRegistry(),
    profiles: [],
    overrides: [],
  });
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join("\n"));
  const store = Store.open(join(folder, "artifacts"));
  const peaks = new Map<string, number>();
  const look = setInterval(() => lookAtHosts(peaks), LOOK_EVERY);
  const record = await runPipeline({
    pipeline: loaded.pipeline,
    store,
    registry: benchRegistry(),
    targets: [],
    force: [],
    keepGoing: false,
    listener: () => {},
    signal: new AbortController().signal,
    kill: new AbortController().signal,
  });
  await store.close();
  clearInterval(look);
  if (record.status !== "succeeded") throw new Error(JSON.stringify(record.stages, undefined, 1));
  peaks.set("runner", process.resourceUsage().maxRSS / 1024);
  return {
    seconds: (performance.now() - start) / 1000,
    stages: record.stages.map(({ name, status, durationMs, items }) => ({
      name,
      status,
      seconds: durationMs / 1000,
      items: items?.total ?? 0,
      processed: items?.processed ?? 0,
    })),
    peaks: Object.fromEntries(peaks),
  };
}

/** Notes the peak resident memory of this process's children under the stage each works for (Linux). */
function lookAtHosts(peaks: Map<string, number>): void {
  for (const task of readdirSync("/proc/self/task")) {
    for (const pid of readFileSync(`/proc/self/task/${task}/children`, "utf8").split(" ").filter(Boolean)) {
      try {
        const folder = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")[2] ?? "";
        const { stage } = JSON.parse(readFileSync(join(folder, "task.json"), "utf8")) as { stage: string };
        const peak = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
        // One that has ended and is not yet buried has none.
        if (peak !== undefined) peaks.set(stage, Math.max(peaks.get(stage) ?? 0, Number(peak) / 1024));
      } catch {
        // It has just ended, or is only starting.
      }
    }
  }
}

/** Runs the pipeline in a process of its own and prints what it reports. */
function runAndPrint(title: string, folder: string): Report {
  const child = spawnSync(process.execPath, [fileURLToPath(import.meta.url), "run", folder], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (child.status !== 0) throw new Error(`the run ended with ${child.status ?? child.signal}`);
  const report = JSON.parse(child.stdout) as Report;
  const { seconds, stages, peaks } = report;
  console.log(`  ${title.padEnd(14)} ${seconds.toFixed(2)} s   peak MiB: ${memory(peaks)}`);
  for (const { name, status, seconds: own, items, processed } of stages) {
    if (status !== "ran") continue;
    const perItem =
      items > 0 ? `  ${processed} of ${items} items, ${((own / items) * 1e3).toFixed(3)} ms an item` : "";
    console.log(`    ${name.padEnd(12)} ${own.toFixed(2)} s${perItem}`);
  }
  return report;
}

const memory = (peaks: Report["peaks"]) =>
  Object.entries(peaks)
    .map(([name, mib]) => `${name} ${mib.toFixed(0)}`)
    .join(", ");

function benchmark(count: number, keep: boolean): Cost {
  const folder = mkdtempSync(join(tmpdir(), "pipestill-million-"));
  const images = join(folder, "images");
  mkdirSync(images);
  for (let i = 0; i < count; i++) writeTiny(images, SIDE, i, 0);
  writeFileSync(join(folder, "pipeline.yaml"), PIPELINE);
  console.log(
    `\n${count} pictures of 2 × 2 pixels, ${availableParallelism()} cores, Node ${process.version}`,
  );
  const first = runAndPrint("first run", folder);
  const nothing = Array.from({ length: RUNS }, () => runAndPrint("nothing to do", folder));
  const changed = Array.from({ length: RUNS }, (_, i) => {
    writeTiny(images, SIDE, 7, i + 1);
    return runAndPrint("one changed", folder);
  });
  if (keep) console.log(`  kept: ${folder}`);
  else rmSync(folder, { recursive: true, force: true });
  const peaks = [first, ...nothing, ...changed].flatMap((report) => Object.values(report.peaks));
  return {
    rows: count,
    first: first.seconds,
    nothing: medianSeconds(nothing),
    changed: medianSeconds(changed),
    peakMiB: Math.max(...peaks),
  };
}

function medianSeconds(reports: readonly Report[]): number {
  return median(reports.map(({ seconds }) => seconds).sort((a, b) => a - b));
}

function printTable(costs: readonly Cost[]): void {
  console.log("\n| pictures | first run | a picture | nothing to do | one changed | largest peak |");
  console.log("| --- | --- | --- | --- | --- | --- |");
  for (const { rows, first, nothing, changed, peakMiB } of costs) {
    const cells = [
      rows.toLocaleString("en"),
      `${first.toFixed(1)} s`,
      `${((first / rows) * 1e3).toFixed(3)} ms`,
      `${nothing.toFixed(2)} s`,
      `${changed.toFixed(2)} s`,
      `${peakMiB.toFixed(0)} MiB`,
    ];
    console.log(`| ${cells.join(" | ")} |`);
  }
}

const [first, ...rest] = process.argv.slice(2);
if (first === "run") console.log(JSON.stringify(await runHere(rest[0] ?? ".")));
else {
  const counts = process.argv.slice(2).map(Number).filter(Boolean);
  const sizes = counts.length > 0 ? counts : [1000, 10_000, 100_000, 1_000_000];
  const costs = sizes.map((count) => benchmark(count, first === "--keep"));
  printTable(costs);
  if (first === "--chart") writeFileSync(join(ROOT, "docs/images/cost.svg"), costChart(costs));
}
