import { fork } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Serves a folder's files from memory in a process of its own, since what is timed blocks this one. */
export async function serve(folder: string): Promise<{ readonly url: string; close(): void }> {
  const child = fork(fileURLToPath(import.meta.url), [folder], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const port = await new Promise<number>((resolve, reject) => {
    child.once("message", (message) => resolve(Number(message)));
    child.once("error", reject);
  });
  return { url: `http://127.0.0.1:${port}`, close: () => void child.kill() };
}

const [, script, folder] = process.argv;
if (script === fileURLToPath(import.meta.url) && folder !== undefined) {
  const files = new Map(readdirSync(folder).map((name) => [`/${name}`, readFileSync(join(folder, name))]));
  const server = createServer((request, response) => {
    const bytes = files.get(request.url ?? "");
    if (!bytes) response.writeHead(404).end();
    else response.writeHead(200, { "content-type": "image/jpeg", "content-length": bytes.length }).end(bytes);
  });
  server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
}
