import { statSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { IdentityContext, ListContext } from "../../../../contract/kind.js";
import { StageError } from "../../../../contract/stage.js";
import { withoutSecrets } from "../../../../core/net/secrets.js";
import { WebError } from "../../../../core/net/web-error.js";
import { webClient } from "../../http/network.js";
import type { UrlsSource } from "../../schema-http.js";
import { isRemote } from "./remote.js";

/** A list over HTTP may have so many bytes, packed and unpacked. */
const LARGEST_LIST = 64 * 2 ** 30;

export type ListFormat = "txt" | "csv" | "tsv" | "jsonl" | "parquet";

const BY_NAME: Readonly<Record<string, ListFormat>> = {
  txt: "txt",
  csv: "csv",
  tsv: "tsv",
  tab: "tsv",
  jsonl: "jsonl",
  ndjson: "jsonl",
  parquet: "parquet",
  pq: "parquet",
};

/** The path of a list on this machine. @throws StageError where there is no such file */
function localList(list: string, base: string): string {
  const path = resolve(base, list);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isFile()) return path;
  throw new StageError(`the list ${list} ${found ? "is no file" : "is not there"}`, {
    class: "no-list",
    hint: "a relative path starts at the folder of the pipeline file",
  });
}

/**
 * What stands for a list in the fingerprint: the hash of one that is here, nothing for one that is not.
 *
 * @throws StageError where it is not there, or where its address holds what must not stand in a file
 */
export async function listIdentity(
  list: string,
  { base, hashFile }: IdentityContext,
): Promise<string | undefined> {
  if (!isRemote(list)) return hashFile(localList(list, base));
  const clean = withoutSecrets(list);
  const { hash, href } = new URL(list);
  if (clean === href.slice(0, href.length - hash.length)) return undefined;
  throw new StageError(`the address of the list ${clean} holds a key, token or signature`, {
    class: "secret-in-file",
    hint: "fetch the list and name the file, or name the variable of an Authorization header: authorization_env",
  });
}

/** Has the list as a file here. @throws StageError where it cannot be had */
export async function openList(context: ListContext): Promise<string> {
  const source = context.with.source as unknown as UrlsSource;
  if (!isRemote(source.list)) return localList(source.list, context.base);
  await mkdir(context.scratch, { recursive: true });
  const path = join(context.scratch, "list");
  const web = webClient(source);
  try {
    const { authorization_env: variable } = source;
    const headers = variable === undefined ? {} : { authorization: context.secret(variable) };
    await web.download(source.list, path, { maxBytes: LARGEST_LIST, headers, signal: context.signal });
    return path;
  } catch (error) {
    if (!(error instanceof WebError)) throw error;
    throw new StageError(
      `the list ${withoutSecrets(source.list)} could not be had: ${error.message}`,
      error.options,
    );
  } finally {
    await web.close();
  }
}

/** What a list is written in: as its source says, or as its name ends, `.gz` aside. @throws StageError */
export function formatOf({ list, format }: Pick<UrlsSource, "list" | "format">): ListFormat {
  if (format !== "auto") return format;
  const name = isRemote(list) ? new URL(list).pathname : list;
  const ending = /\.([a-z]+)(\.gz)?$/i.exec(name)?.[1]?.toLowerCase() ?? "";
  const known = Object.hasOwn(BY_NAME, ending) ? BY_NAME[ending] : undefined;
  if (known) return known;
  throw new StageError(`the name of the list ${withoutSecrets(list)} does not tell its format`, {
    class: "no-list",
    hint: "say format: txt, csv, tsv, jsonl or parquet",
  });
}
