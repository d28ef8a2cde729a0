import type { StageContext } from "../../contract/stage.js";
import type { Dataset } from "../../student/dataset.js";
import { thumbnail } from "../report/thumbnails.js";
import type { Card } from "./gallery.js";
import type { PictureCard } from "./report/data.js";
import type { Samples } from "./samples.js";

/**
 * Adds to cards their pictures and, where an images table is connected, their sources; a picture that cannot be decoded is
 * left out.
 *
 * @throws StageError for a blob the store has lost, so that the runner can have it made again
 */
export async function addPictures(
  context: StageContext,
  data: Dataset,
  samples: Samples,
  lists: readonly (readonly Card[])[],
): Promise<PictureCard[][]> {
  const ids = [...new Set(lists.flat().map((card) => card.id))];
  const images = context.inputs.images?.path("images.parquet");
  const sources = images === undefined ? new Map<string, string>() : await samples.sources(images, ids);
  const places = await samples.places(ids);
  const packed = await fromShards(
    data,
    [...places].flatMap(([id, { blob, shard }]) => (blob === null ? [[id, shard] as const] : [])),
  );
  const load = async (card: Card): Promise<PictureCard> => {
    const blob = places.get(card.id)?.blob;
    const bytes = packed.get(card.id) ?? (blob ? await context.blob(blob) : undefined);
    const picture = bytes && (await thumbnail(bytes));
    const source = sources.get(card.id);
    return { ...card, ...(picture ? { picture } : {}), ...(source === undefined ? {} : { source }) };
  };
  return Promise.all(lists.map((cards) => Promise.all(cards.map(load))));
}

/** Pictures of a data set that was imported: no blob of the store holds them. */
async function fromShards(
  data: Dataset,
  wanted: readonly (readonly [id: string, shard: string])[],
): Promise<ReadonlyMap<string, Buffer>> {
  const ids = new Set(wanted.map(([id]) => id));
  const found = new Map<string, Buffer>();
  for (const shard of new Set(wanted.map(([, shard]) => shard))) {
    for await (const { id, picture } of data.read(shard)) if (ids.has(id)) found.set(id, picture);
  }
  return found;
}
