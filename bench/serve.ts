/**
 * Requests per second and latency of `pipe serve` at 1, 8 and 64 connections, one picture a request, with autocannon;
 * then the same with a queue of 16, where it sheds.
 * Usage: node dist/bench/serve.js [model, as for pipe serve; default: an untrained vgg-small of 64 pixels]
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import autocannon from "autocannon";
import sharp from "sharp";
import { openEngine } from "../src/engine/engine.js";
import { saveStudent } from "../src/student/model-file.js";
import { Network } from "../src/student/network.js";

const BIN = fileURLToPath(new URL("../../bin/pipe.js", import.meta.url));
const SECONDS = 10;
const SIDE = 64;
const TAGS = 43;

const scratch = mkdtempSync(join(tmpdir(), "pipestill-serve-"));
try {
  const model = process.argv[2] ?? (await untrained(join(scratch, "model")));
  await measure(model, []);
  await measure(model, ["--queue", "16"]);
} finally {
  rmSync(scratch, { recursive: true });
}

async function untrained(folder: string): Promise<string> {
  await openEngine("wasm");
  const size = { width: SIDE, height: SIDE };
  const spec = { architecture: "vgg-small", preprocess: "scale255", size } as const;
  const network = new Network({ ...spec, tags: TAGS, dropout: 0, seed: 1 });
  const tags = Array.from({ length: TAGS }, (_, i) => `tag ${i}`);
  saveStudent(folder, { format: "pipestill-student/1", ...spec, tags, loss: "bce" }, network);
  return folder;
}

async function measure(model: string, args: readonly string[]): Promise<void> {
  const server = spawn(process.execPath, [BIN, "serve", model, "--port", "0", "--json", ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: server.stdout });
  const [first] = (await once(lines, "line")) as [string];
  const { listening, engine } = JSON.parse(first) as { listening: string; engine: string };
  const noise = Buffer.from(Array.from({ length: 224 * 224 * 3 }, (_, i) => (i * 2_654_435_761) >>> 24));
  const picture = await sharp(noise, { raw: { width: 224, height: 224, channels: 3 } })
    .jpeg()
    .toBuffer();
  const body = JSON.stringify({
    requests: [{ image: { content: picture.toString("base64") }, features: [{ type: "LABEL_DETECTION" }] }],
  });
  console.log(`${engine}; a JPEG of 224 pixels a request; ${args.join(" ") || "the default queue"}`);
  for (const connections of [1, 8, 64]) {
    const { requests, latency, statusCodeStats, errors } = await autocannon({
      url: `${listening}/v1/images:annotate`,
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
      connections,
      duration: SECONDS,
    });
    const codes = Object.entries(statusCodeStats ?? {}).map(([code, { count }]) => `${count} × ${code}`);
    console.log(
      `${connections} connections: ${requests.average} requests/s, p50 ${latency.p50} ms, p99 ${latency.p99} ms; ${codes.join(", ")}; ${errors} errors`,
    );
  }
  server.kill("SIGTERM");
  const [code] = await once(server, "exit");
  if (code !== 0) throw new Error(`the server ended with ${code}`);
}
