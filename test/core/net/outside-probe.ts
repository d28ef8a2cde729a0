import { createServer } from "node:http";
import { WebClient } from "../../../src/core/net/client.js";
import type { WebError } from "../../../src/core/net/web-error.js";

/**
 * Run in a network of its own in which this machine has a public address: asks a server there for redirects, and prints what
 * became of each as JSON, with what reached the server.
 */
const OUTSIDE = "93.184.216.34";
const TARGETS = {
  loopback: "http://127.0.0.1:8099/inside",
  name: "http://localhost:8099/inside",
  metadata: "http://169.254.169.254/latest/meta-data/?token=s3cret",
  outside: `http://${OUTSIDE}:8099/end`,
};

const seen: string[] = [];
const server = createServer((request, response) => {
  seen.push(request.url ?? "");
  const target = TARGETS[(request.url ?? "").slice(1) as keyof typeof TARGETS];
  if (target === undefined) return void response.end("here");
  response.writeHead(302, { location: target }).end();
});
server.listen(8099, async () => {
  const web = new WebClient({
    allowPrivate: false,
    userAgent: "probe",
    connectTimeoutMs: 2000,
    headersTimeoutMs: 2000,
    bodyTimeoutMs: 2000,
  });
  const found: Record<string, string> = {};
  for (const name of Object.keys(TARGETS)) {
    try {
      found[name] = (await web.get(`http://${OUTSIDE}:8099/${name}`, { maxBytes: 1000 })).body.toString();
    } catch (error) {
      found[name] = `${(error as WebError).failure}: ${(error as Error).message}`;
    }
  }
  process.stdout.write(JSON.stringify({ found, seen }));
  process.exit(0);
});
