import {
  type BaseContext,
  type Item,
  type ItemModule,
  type ItemOutcome,
  StageError,
} from "../../contract/stage.js";
import type { JsonObject } from "../../core/json.js";
import type { Params } from "./schema.js";
import type { Answer, Label, LabelItem } from "./teacher.js";
import { teacherNamed } from "./teachers.js";

export const items: ItemModule = {
  async open(context) {
    const { teacher } = context.with as Params;
    if (context.inputs.teacher && teacher.type !== "student") {
      throw new StageError(`the input \`teacher\` is a model, but the teacher is ${teacher.type}`, {
        hint: "write with: { teacher: { type: student } }, or leave out the input",
      });
    }
    const session = await teacherNamed(teacher.type).open(context);
    return {
      batch: session.batch,
      concurrency: session.concurrency,
      async process(batch: readonly Item[]) {
        const known = batch.map((item) => session.recall?.(String(item.row.blob)));
        const pictures = await Promise.all(
          batch.filter((_, i) => !known[i]).map((item) => picture(context, item)),
        );
        const fresh = pictures.length > 0 ? [...(await session.label(pictures))] : [];
        return known.map((answer) => outcome(answer ?? fresh.shift()!));
      },
      close: async () => session.close?.(),
    };
  },
};

async function picture(context: BaseContext, item: Item): Promise<LabelItem> {
  const blob = String(item.row.blob);
  return { item, blob, bytes: await context.blob(blob) };
}

function outcome(answer: Answer): ItemOutcome {
  if (!answer.ok) return answer;
  const labels = ordered(answer.labels);
  const isDetailed = labels.some(({ mid, topicality }) => mid !== undefined || topicality !== undefined);
  const columns = {
    labels: labels.map(({ tag, score }) => ({ tag, score })),
    details: isDetailed ? labels.map(details) : null,
    safe_search: answer.safeSearch ?? null,
  };
  return answer.raw ? { ok: true, columns, blobs: { raw: answer.raw } } : { ok: true, columns };
}

function details({ tag, mid, topicality }: Label): JsonObject {
  return { tag, mid: mid ?? null, topicality: topicality === undefined ? null : rounded(topicality) };
}

/** Highest score first, then by tag; of a tag that stands twice, the higher score. */
function ordered(labels: readonly Label[]): Label[] {
  const sorted = labels
    .map((label) => ({ ...label, score: rounded(label.score) }))
    .sort((a, b) => b.score - a.score || (a.tag < b.tag ? -1 : 1));
  const seen = new Set<string>();
  return sorted.filter(({ tag }) => !seen.has(tag) && seen.add(tag));
}

/** Four decimals, so that the last bits of a platform's exp() reach no hash. */
function rounded(score: number): number {
  return Math.round(score * 1e4) / 1e4;
}
