import { createHash } from "node:crypto";
import { createReadStream, existsSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { StageError } from "../../contract/stage.js";
import { cacheFolder } from "../../core/cache-folder.js";
import { fsyncPath, temporaryIn } from "../../core/files.js";
import { WebClient } from "../../core/net/client.js";
import { withRetries } from "../../core/net/retry.js";
import { withoutSecrets } from "../../core/net/secrets.js";
import { WebError } from "../../core/net/web-error.js";
import { VERSION } from "../../core/version.js";
import type { Digest, WebFile } from "./official.js";

/** No file of weights is larger: 4 GiB. */
const LARGEST = 2 ** 32;

/**
 * A file of the web on this disk: fetched once, kept in the user's cache folder under its hash, checked whenever it is used.
 * Its address may lie in a network of one's own: it stands in the user's file, and the hash tells what may come from there.
 *
 * @param note is told before a download
 * @throws StageError where it cannot be had or is another file
 */
export async function cachedDownload(
  { url, digest }: WebFile,
  signal: AbortSignal,
  note: (message: string) => void,
): Promise<string> {
  const folder = cacheFolder("weights");
  const path = join(folder, `${digest.algorithm}-${digest.hex}.h5`);
  if (existsSync(path) && (await mismatch(path, digest)) === undefined) return path;
  const from = withoutSecrets(url);
  note(`fetches the weights ${from}`);
  mkdirSync(folder, { recursive: true });
  const temporary = temporaryIn(folder);
  try {
    await fetchFile(url, temporary, signal);
    const wrong = await mismatch(temporary, digest);
    if (wrong !== undefined) {
      throw new StageError(`what came from ${from} is another file: ${wrong}`, {
        class: "bad-weights",
        hint: "look whether the address and the hash are right; nothing of it was used",
      });
    }
    fsyncPath(temporary);
    renameSync(temporary, path);
    return path;
  } catch (error) {
    if (!(error instanceof WebError)) throw error;
    throw new StageError(`cannot fetch the weights ${from}: ${error.message}`, {
      class: error.failure,
      hint: `run again when it can be reached, or fetch ${basename(new URL(from).pathname)} elsewhere and give it with weights: { file: … }`,
    });
  } finally {
    rmSync(temporary, { force: true });
  }
}

async function fetchFile(url: string, path: string, signal: AbortSignal): Promise<void> {
  const client = new WebClient({
    allowPrivate: true,
    userAgent: `pipestill/${VERSION}`,
    connectTimeoutMs: 20_000,
    headersTimeoutMs: 60_000,
    bodyTimeoutMs: 120_000,
  });
  try {
    await withRetries(() => client.download(url, path, { maxBytes: LARGEST, signal }), {
      retries: 3,
      signal,
    });
  } finally {
    await client.close();
  }
}

/** What is not as the digest says. */
async function mismatch(path: string, { algorithm, hex, bytes }: Digest): Promise<string | undefined> {
  const { size } = statSync(path);
  if (bytes !== undefined && size !== bytes) return `it has ${size} bytes instead of ${bytes}`;
  const hash = createHash(algorithm);
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  const found = hash.digest("hex");
  return found === hex ? undefined : `its ${algorithm} is ${found}, expected ${hex}`;
}
