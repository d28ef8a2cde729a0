import type { StageContext } from "../../contract/stage.js";
import { type Duck, parquet, sqlString } from "../../core/duck.js";
import type { Picture } from "../report/thumbnails.js";
import type { Summary } from "./summary.js";

/** Pictures up to this many bytes stand in the report as they are; larger ones fit a square of this side. */
const SMALL = { asIsBytes: 12 * 1024, side: 128 };

/** The pictures of the report's examples, by image id; those that cannot be decoded are left out. */
export async function examplePictures(
  context: StageContext,
  duck: Duck,
  { rules }: Summary,
): Promise<ReadonlyMap<string, Picture>> {
  const pictures = new Map<string, Picture>();
  const ids = new Set(rules.flatMap(({ examples }) => examples.flatMap(({ id, other }) => [id, other])));
  ids.delete(null);
  if (ids.size === 0) return pictures;
  // Loads sharp: only where there is a picture to show.
  const { thumbnail } = await import("../report/thumbnails.js");
  const rows = await duck.all(
    `SELECT id, blob FROM ${parquet(context.inputs.images!.path("images.parquet"))}
     WHERE id IN (${[...ids].map((id) => sqlString(String(id))).join(", ")}) ORDER BY id`,
  );
  for (const row of rows) {
    context.signal.throwIfAborted();
    const picture = await thumbnail(await context.blob(String(row.blob)), SMALL);
    if (picture) pictures.set(String(row.id), picture);
  }
  return pictures;
}
