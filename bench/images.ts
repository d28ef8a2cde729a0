import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { measure, mustRun, PIPE, peer, printTimings, type Timed } from "./measure.js";
import { writePhotos, writeTiny } from "./pictures.js";

/**
 * Folders of local pictures, ours beside DVC: a run with nothing to do, first ingest, one picture changed, going back to
 * an earlier parameter; and resize beside a bare sharp loop.
 * usage: node dist/bench/images.js [nothing | ingest | changed | back | resize …]   default: all, about a quarter of an hour
 */
const [COUNT, PHOTOS, RUNS] = [10_000, 3000, 5];
const STAGES = 8;
/** Pixels of a tiny picture. */
const SIDE = 32;
const top = mkdtempSync(join(tmpdir(), "pipestill-images-"));
const LOOP = `${process.execPath} ${fileURLToPath(new URL("./bare-loop.js", import.meta.url))}`;
const program = peer("dvc");
// Its state of hashed files lies there: a first ingest must not find any.
const DVC_ENV = { DVC_NO_ANALYTICS: "1", DVC_SITE_CACHE_DIR: join(top, "dvc-site") };

type Project = Pick<Timed, "cwd" | "env">;

/** A folder with the pictures and some files. */
function project(name: string, files: Record<string, string>): string {
  const folder = join(top, name);
  mkdirSync(folder);
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
  for (let i = 0; i < COUNT; i++) writeTiny(join(folder, "images"), SIDE, i, 0);
  return folder;
}

function ours(name: string, stages: string): Project {
  const crawl = "  crawl: { uses: crawl, with: { source: { type: local, path: images } } }\n";
  const text = `version: 1\nname: images\nstages:\n${crawl}${stages}`;
  const cwd = project(name, { "pipeline.yaml": text });
  mustRun([...PIPE, "run", "pipeline.yaml"], cwd);
  return { cwd };
}

function dvc(name: string, files: Record<string, string>): Project {
  const cwd = project(name, files);
  mustRun(["git", "init", "-q"], cwd);
  mustRun([`${program}`, "init", "-q"], cwd, DVC_ENV);
  if ("dvc.yaml" in files) mustRun([`${program}`, "repro", "-q"], cwd, DVC_ENV);
  return { cwd, env: DVC_ENV };
}

const RUN = [...PIPE, "run", "pipeline.yaml"];
const REPRO = [`${program}`, "repro", "-q"];
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
const RESIZE_LABEL = `  resize: { uses: resize, inputs: { images: crawl }, with: { size: 32 } }
  label: { uses: label, inputs: { images: resize }, with: { teacher: { type: builtin } } }
`;
const DVC_RESIZE_LABEL = `stages:
  resize:
    cmd: ${LOOP} resize images resized \${size}
    deps: [images]
    params: [size]
    outs: [resized]
  label:
    cmd: ${LOOP} label resized labels.jsonl
    deps: [resized]
    outs: [labels.jsonl]
`;

function nothingToDo(): void {
  const resize = (i: number) =>
    `  r${i}: { uses: resize, inputs: { images: ${i === 0 ? "crawl" : `r${i - 1}`} }, with: { size: ${32 - i} } }\n`;
  const stages = numbers(STAGES - 1)
    .map(resize)
    .join("");
  const commands: Timed[] = [{ name: "pipe run", command: RUN, ...ours("noop", stages) }];
  if (program) {
    const copy = (i: number) =>
      `  s${i}:\n    cmd: cp -r ${i === 0 ? "images" : `s${i - 1}`} s${i}\n    deps: [${i === 0 ? "images" : `s${i - 1}`}]\n    outs: [s${i}]\n`;
    const text = `stages:\n${numbers(STAGES).map(copy).join("")}`;
    commands.push({ name: "dvc repro", command: REPRO, ...dvc("noop-dvc", { "dvc.yaml": text }) });
  }
  printTimings(`nothing to do: ${STAGES} stages over ${COUNT} pictures`, measure(commands, RUNS));
}

function firstIngest(): void {
  const forget =
    (cwd: string, ...names: string[]) =>
    () => {
      for (const name of names) rmSync(join(cwd, name), { recursive: true, force: true });
    };
  const mine = ours("ingest", "");
  const before = forget(mine.cwd, "artifacts");
  const commands: Timed[] = [{ name: "pipe run", command: RUN, ...mine, before }];
  if (program) {
    const theirs = dvc("ingest-dvc", {});
    const fresh = forget(theirs.cwd, "images.dvc", ".dvc/cache", ".dvc/tmp", "../dvc-site");
    commands.push({ name: "dvc add", command: [program, "add", "-q", "images"], ...theirs, before: fresh });
  }
  printTimings(`first ingest of ${COUNT} pictures`, measure(commands, RUNS));
}

function oneChanged(): void {
  let generation = 0;
  const change = (cwd: string) => () => writeTiny(join(cwd, "images"), SIDE, 7, ++generation);
  const mine = ours("changed", RESIZE_LABEL);
  const commands: Timed[] = [{ name: "pipe run", command: RUN, ...mine, before: change(mine.cwd) }];
  if (program) {
    const theirs = dvc("changed-dvc", { "dvc.yaml": DVC_RESIZE_LABEL, "params.yaml": "size: 32\n" });
    commands.push({ name: "dvc repro", command: REPRO, ...theirs, before: change(theirs.cwd) });
  }
  printTimings(`one of ${COUNT} pictures changed: local, resize, label`, measure(commands, RUNS));
}

function goingBack(): void {
  const mine = ours("back", RESIZE_LABEL);
  const other = () => void mustRun([...RUN, "-S", "resize.size=24"], mine.cwd);
  const commands: Timed[] = [{ name: "pipe run", command: RUN, ...mine, before: other }];
  if (program) {
    const theirs = dvc("back-dvc", { "dvc.yaml": DVC_RESIZE_LABEL, "params.yaml": "size: 32\n" });
    const params = (size: number) => writeFileSync(join(theirs.cwd, "params.yaml"), `size: ${size}\n`);
    const before = () => {
      params(24);
      mustRun(REPRO, theirs.cwd, DVC_ENV);
      params(32);
    };
    commands.push({ name: "dvc repro", command: REPRO, ...theirs, before });
  }
  printTimings(`back to an earlier size of ${COUNT} pictures`, measure(commands, RUNS));
}

/** Beside each picture ours keeps its hashes, a row in a table and its place in the cache. */
async function resizeLoop(): Promise<void> {
  const cwd = join(top, "resize");
  const images = join(cwd, "images");
  await writePhotos(images, PHOTOS);
  const stages =
    "  crawl: { uses: crawl, with: { source: { type: local, path: images } } }\n" +
    "  resize: { uses: resize, inputs: { images: crawl } }\n";
  writeFileSync(join(cwd, "pipeline.yaml"), `version: 1\nname: resize\nstages:\n${stages}`);
  const out = join(top, "bare");
  const forget = () => {
    for (const folder of [out, join(cwd, "artifacts")]) rmSync(folder, { recursive: true, force: true });
    mustRun([...RUN, "crawl"], cwd);
  };
  const bare = [...LOOP.split(" "), "resize", images, out, "224"];
  const commands: Timed[] = [
    { name: "pipe run", command: RUN, cwd, before: forget },
    { name: "bare sharp loop", command: bare, cwd, before: forget },
  ];
  printTimings(`resize of ${PHOTOS} photos to 224 pixels`, measure(commands, RUNS));
}

const PARTS = {
  nothing: nothingToDo,
  ingest: firstIngest,
  changed: oneChanged,
  back: goingBack,
  resize: resizeLoop,
} as const;

console.log(`${availableParallelism()} cores, Node ${process.version}`);
const wanted = process.argv.slice(2);
try {
  for (const [name, part] of Object.entries(PARTS)) {
    if (wanted.length === 0 || wanted.includes(name)) await part();
  }
} finally {
  rmSync(top, { recursive: true, force: true });
}
