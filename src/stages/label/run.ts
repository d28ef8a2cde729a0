import type { Item, ItemModule, ItemOutcome } from "../../contract/stage.js";
import type { Params } from "./schema.js";
import type { Answer, Label } from "./teacher.js";
import { teacherNamed } from "./teachers.js";

export const items: ItemModule = {
  async open(context) {
    const { teacher } = context.with as Params;
    const session = await teacherNamed(teacher.type).open(context);
    return {
      batch: session.batch,
      concurrency: session.concurrency,
      async process(batch: readonly Item[]) {
        const pictures = await Promise.all(
          batch.map(async (item) => ({ item, bytes: await context.blob(String(item.row.blob)) })),
        );
        return (await session.label(pictures)).map(outcome);
      },
      close: async () => session.close?.(),
    };
  },
};

function outcome(answer: Answer): ItemOutcome {
  if (!answer.ok) return answer;
  const columns = { labels: ordered(answer.labels).map(({ tag, score }) => ({ tag, score })) };
  return answer.raw ? { ok: true, columns, blobs: { raw: answer.raw } } : { ok: true, columns };
}

/** Highest score first, then by tag; four decimals, so that the last bits of a platform's exp() reach no hash. */
function ordered(labels: readonly Label[]): Label[] {
  return labels
    .map(({ tag, score }) => ({ tag, score: Math.round(score * 1e4) / 1e4 }))
    .sort((a, b) => b.score - a.score || (a.tag < b.tag ? -1 : 1));
}
