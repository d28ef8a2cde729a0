import { join } from "node:path";
import { createInterface } from "node:readline";
import { after } from "node:test";
import sharp from "sharp";
import { CliRig, type Finished } from "../rigs/cli.js";
import { writeStudent } from "../rigs/student.js";

/** A `pipe serve` under way. */
export interface Served {
  readonly url: string;
  readonly port: number;
  /** Lines of its --json, the first one left out. */
  readonly lines: readonly Record<string, unknown>[];
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly finished: Promise<Finished>;
}

export class ServeRig {
  readonly cli = new CliRig();
  readonly model = join(this.cli.folder, "model");

  /** Starts `pipe serve` with an untrained student on a free port. */
  async start(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Served> {
    await writeStudent(this.model);
    return serve(this.cli, this.model, args, env);
  }
}

/** Starts `pipe serve` on a free port; it is killed after the test file at the latest. */
export async function serve(
  cli: CliRig,
  model: string,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<Served> {
  const started = cli.start(["serve", model, "--port", "0", "--json", ...args], env);
  after(() => void started.child.kill("SIGKILL"));
  const lines: Record<string, unknown>[] = [];
  const first = new Promise<{ listening: string }>((done, failed) => {
    createInterface({ input: started.child.stdout! }).on("line", (line) => {
      const value = JSON.parse(line);
      if ("listening" in value) done(value);
      else lines.push(value);
    });
    void started.finished.then(({ stderr }) => failed(new Error(stderr)));
  });
  const { listening } = await first;
  return {
    url: listening,
    port: Number(new URL(listening).port),
    lines,
    kill: (signal) => void started.child.kill(signal),
    finished: started.finished,
  };
}

/** A picture of one colour, in base64. */
export async function picture(background: string, size = 40): Promise<string> {
  const bytes = await sharp({ create: { width: size, height: size, channels: 3, background } })
    .png()
    .toBuffer();
  return bytes.toString("base64");
}

export const LABELS = [{ type: "LABEL_DETECTION", maxResults: 3 }];

/** POSTs a body to images:annotate. */
export async function annotate(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<{ readonly status: number; readonly headers: Headers; readonly body: AnnotateAnswer }> {
  const answer = await fetch(`${url}/v1/images:annotate`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as AnnotateAnswer };
}

export interface AnnotateAnswer {
  readonly responses?: readonly {
    readonly labelAnnotations?: readonly {
      description: string;
      score: number;
      topicality: number;
      mid?: string;
    }[];
    readonly error?: { code: number; message: string };
  }[];
  readonly error?: { code: number; message: string; status: string };
}
