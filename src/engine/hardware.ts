import { readFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import type { Finding } from "../core/finding.js";
import { runTool } from "./install/tool.js";

/** What of a processor's instructions decides how fast tensors are computed, by Linux's names for them. */
const FEATURES = {
  SSE4_1: "sse4_1",
  AVX: "avx",
  AVX2: "avx2",
  FMA: "fma",
  "AVX-512": "avx512f",
  "AVX-512 VNNI": "avx512_vnni",
  "AVX-512 BF16": "avx512_bf16",
  AMX: "amx_tile",
  NEON: "asimd",
  "ARM dot product": "asimddp",
} as const;

/** The processor, the cores this process may use, and its instructions as far as the system tells them. */
export function examineProcessor(cpuinfo = readCpuinfo(), arch: string = process.arch): Finding {
  const check = "processor";
  const known = /^(?:flags|Features)\s*:(.*)$/m.exec(cpuinfo)?.[1]?.trim().split(/\s+/);
  const features =
    known && Object.entries(FEATURES).flatMap(([name, flag]) => (known.includes(flag) ? [name] : []));
  const cores = availableParallelism();
  const model = cpus()[0]?.model.trim() || arch;
  const message = [`${model}, ${cores} ${cores === 1 ? "core" : "cores"}`, ...(features ?? [])].join(", ");
  if (arch !== "x64" || !known || known.includes("avx")) return { check, level: "ok", message };
  const fix = "train on wasm, or on another machine";
  return { check, level: "note", message: `${message}; TensorFlow's builds need AVX`, fix };
}

function readCpuinfo(): string {
  try {
    return readFileSync("/proc/cpuinfo", "utf8");
  } catch {
    return "";
  }
}

/**
 * NVIDIA's graphics cards, as their driver tells.
 *
 * @param engine what the native engine was built for, where there is one
 */
export async function examineGpus(engine: "cpu" | "cuda" | undefined, signal: AbortSignal): Promise<Finding> {
  const check = "gpu";
  const query = ["--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"];
  const answer = await runTool("nvidia-smi", query, { signal });
  const cards = answer?.code === 0 ? answer.stdout.trim().split("\n").filter(Boolean) : [];
  if (cards.length === 0) {
    const why = answer ? "nvidia-smi names none" : "there is no nvidia-smi";
    return { check, level: "ok", message: `none: ${why}` };
  }
  const message = cards
    .map((card) => {
      const [name, memory, driver] = card.split(", ");
      return `${name}, ${memory}, driver ${driver}`;
    })
    .join("; ");
  if (engine === "cuda") return { check, level: "ok", message };
  return {
    check,
    level: "note",
    message: `${message}; no engine uses ${cards.length === 1 ? "it" : "them"}`,
    fix: "pipe engine install --cuda",
  };
}
