import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { type OutputFile, type StageContext, StageError } from "../../contract/stage.js";
import { Duck } from "../../core/duck.js";
import { isOutOfSpace } from "../../core/errors.js";
import { describeTable } from "../../core/tables/write.js";

/** Parquet files are tables: their content hash ignores the encoding, and blobs they name are kept by gc. */
export async function describeTables(context: StageContext, output: string): Promise<readonly OutputFile[]> {
  const paths = readdirSync(output, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".parquet") && statSync(join(output, path)).isFile())
    .sort();
  if (paths.length === 0) return [];
  const duck = await Duck.open({ scratch: context.scratch, threads: context.cpus });
  try {
    const tables: OutputFile[] = [];
    for (const path of paths) tables.push({ path, table: await described(duck, output, path) });
    return tables;
  } finally {
    duck.close();
  }
}

async function described(duck: Duck, output: string, path: string) {
  try {
    return await describeTable(duck, join(output, path));
  } catch (error) {
    // It is not the file's fault.
    if (isOutOfSpace(error) || /^Out of Memory/i.test((error as Error).message)) throw error;
    throw new StageError(`the command wrote ${path}, ${fault(join(output, path), error as Error)}`, {
      class: "bad-table",
      hint: "look whether the program closes the file before it ends; a name that ends in .parquet is for tables alone",
    });
  }
}

/** Begins and ends a Parquet file. */
const MAGIC = "PAR1";
/** Magic, the length of the footer, magic. */
const SHORTEST = 12;

/** What is wrong with a Parquet file that cannot be read. */
function fault(path: string, { message }: Error): string {
  const fd = openSync(path, "r");
  try {
    const { size } = fstatSync(fd);
    const wordAt = (place: number) => {
      const word = Buffer.alloc(MAGIC.length);
      readSync(fd, word, 0, word.length, place);
      return word.toString("latin1");
    };
    if (size < SHORTEST || wordAt(0) !== MAGIC) return `which is no Parquet file (${size} bytes)`;
    if (wordAt(size - MAGIC.length) !== MAGIC) return `a Parquet file without its end (${size} bytes)`;
    const [why = ""] = message.replaceAll(path, "it").split("\n");
    return `a Parquet file that cannot be read: it is damaged, or written in a way that is not known here (${why})`;
  } finally {
    closeSync(fd);
  }
}
