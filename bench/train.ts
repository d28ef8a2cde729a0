import { type ChildProcess, spawn } from "node:child_process";
import { on } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { usableEngine } from "../src/engine/native/installed.js";
import { TAGS as TAGS_OF_DATA } from "../test/student/data.js";
import { median, peer, ROOT } from "./measure.js";

/**
 * VGG16 with the seed's head, 6 layers frozen: a forward pass, and a step of training with Adam, ours beside Keras on
 * the same version of TensorFlow; and an epoch with 15 frozen layers, ours with kept features. Each runs in a process of its own and has all cores; they take turns.
 */
const TAGS = 5000;
const FROZEN = 6;
const ROUNDS = Number(process.argv[2] ?? 7);
/** Steps of one competitor before it is the next one's turn: its data is in the caches again. */
const IN_A_ROW = 3;

interface Size {
  readonly side: number;
  readonly batch: number;
  /** Whether wasm takes part: the seed's head does not fit it at 224 pixels. */
  readonly wasm: boolean;
}

const SIZES: readonly Size[] = [
  { side: 64, batch: 8, wasm: true },
  { side: 224, batch: 4, wasm: false },
];

/** Small enough to be quick: a snapshot of the head is written after each epoch. */
const EPOCH = { side: 224, batch: 8, images: 16, units: 512, frozen: 15, rounds: 2 } as const;

/** A process that does what it is told, line by line, and says how long it took. */
class Competitor {
  private readonly child: ChildProcess;
  private readonly lines: AsyncIterator<string[]>;

  constructor(
    readonly name: string,
    command: readonly string[],
  ) {
    const [file = "", ...args] = command;
    this.child = spawn(file, args, {
      stdio: ["pipe", "pipe", "ignore"],
      env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: "3" },
    });
    const reader = createInterface({ input: this.child.stdout! });
    this.lines = on(reader, "line", { close: ["close"] }) as AsyncIterator<string[]>;
  }

  async answer(): Promise<string> {
    const { value, done } = await this.lines.next();
    if (done) throw new Error(`${this.name} ended: ${this.child.spawnargs.join(" ")}`);
    return (value as string[])[0]!;
  }

  /** @returns milliseconds */
  async does(what: string): Promise<number> {
    this.child.stdin!.write(`${what}\n`);
    return Number(await this.answer());
  }

  end(): void {
    this.child.stdin!.end();
  }
}

const workerAt = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const KERAS = `${ROOT}/bench/train-keras.py`;
const python = peer("python");
const native = usableEngine();
if (!native) console.log("(no native engine: pipe engine install; measured without it)");

for (const { side, batch, wasm } of SIZES) {
  const sizes = [side, batch, TAGS, FROZEN].map(String);
  const ours = (engine: string) => [process.execPath, workerAt("train-worker.js"), engine, ...sizes];
  const competitors: Competitor[] = [];
  if (python) competitors.push(new Competitor("Keras", [python, KERAS, ...sizes]));
  if (native) competitors.push(new Competitor("native", ours("tensorflow")));
  if (wasm) competitors.push(new Competitor("wasm", ours("wasm")));
  for (const competitor of competitors) await competitor.answer();
  console.log(`\nvgg16, ${side} pixels, batch ${batch}, ${FROZEN} layers frozen, ${TAGS} tags`);
  for (const what of ["forward", "step"]) await compare(what, batch, competitors, ROUNDS);
  for (const competitor of competitors) competitor.end();
}

if (native) {
  const { side, batch, images, units, frozen } = EPOCH;
  const competitors: Competitor[] = [];
  const keras = [side, batch, TAGS_OF_DATA.length, frozen, units].map(String);
  if (python) competitors.push(new Competitor("Keras", [python, KERAS, ...keras]));
  const kept = [side, batch, images, units].map(String);
  competitors.push(new Competitor("kept", [process.execPath, workerAt("epoch-worker.js"), ...kept]));
  for (const competitor of competitors) await competitor.answer();
  console.log(`\nvgg16, ${side} pixels, batch ${batch}, ${frozen} layers frozen, head of ${units} units`);
  await compare("epoch", batch, competitors, Math.min(ROUNDS, EPOCH.rounds));
  for (const competitor of competitors) competitor.end();
}

/** Has them do it in turn and prints how long it took each. */
async function compare(
  what: string,
  batch: number,
  competitors: readonly Competitor[],
  rounds: number,
): Promise<void> {
  const times = new Map(competitors.map((competitor) => [competitor, [] as number[]]));
  for (let round = -1; round < rounds; round++) {
    for (const [competitor, all] of times) {
      await competitor.does(what);
      for (let i = 0; i < IN_A_ROW; i++) {
        const time = await competitor.does(what);
        if (round >= 0) all.push(time);
      }
    }
  }
  print(what, batch, times);
}

function print(what: string, batch: number, times: ReadonlyMap<Competitor, readonly number[]>): void {
  const [first] = times.values();
  const base = median(sorted(first!));
  for (const [{ name }, all] of times) {
    const each = sorted(all);
    const image = (ms: number) => (ms / batch).toFixed(1);
    console.log(
      `  ${what.padEnd(8)} ${name.padEnd(7)} ${image(median(each))} ms an image (${image(each[0]!)}–${image(each.at(-1)!)})  ratio ${(median(each) / base).toFixed(2)}`,
    );
  }
}

function sorted(numbers: readonly number[]): number[] {
  return numbers.toSorted((a, b) => a - b);
}
