import type { BaseContext, Item, ItemModule, ItemOutcome } from "../src/contract/stage.js";

/**
 * What label runs in bench/million.ts: it reads each picture and makes up tags, so that nearly all of the time is the
 * machinery's. About 1,000 tags, the low ones far more often than the high ones. Tags follow from the id and scores
 * from the bytes: a picture that changes keeps its tags, so that the index stays and one shard changes.
 */
export const items: ItemModule = {
  async open(context: BaseContext) {
    return {
      batch: 16,
      process: (items: readonly Item[]) => Promise.all(items.map((item) => label(context, item))),
    };
  },
};

async function label(context: BaseContext, { id, row }: Item): Promise<ItemOutcome> {
  const blob = String(row.blob);
  if ((await context.blob(blob)).length === 0) throw new Error(`the blob ${blob} is empty`);
  const tags = new Map<string, number>();
  const score = 0.5 + Number.parseInt(blob.slice(0, 4), 16) / 140_000;
  for (let at = 0; at < 24; at += 4) {
    const share = Number.parseInt(id.slice(at, at + 4), 16) / 65_536;
    tags.set(`tag ${Math.floor(1000 * share ** 3)}`, Math.round(1e4 * (score - at / 60)) / 1e4);
  }
  return { ok: true, columns: { labels: [...tags].map(([tag, score]) => ({ tag, score })) } };
}
