import type { StageContext } from "../../contract/stage.js";
import { copyRows, ROW_GROUP } from "../../core/tables/write.js";
import { inputHashes, keep, keepTable } from "../kept.js";
import { type Kept, screeningName } from "./last.js";
import { writeOutcome } from "./outcome.js";
import { constantTags } from "./rules/constant.js";
import type { Screening } from "./rules/rule.js";

/** Keeps what the next screening asks for. Parquet has no whole numbers of 128 bits: the sums stand there as text. */
export async function keepScreening(context: StageContext, screening: Screening): Promise<void> {
  const { duck } = screening;
  const table = (rows: string) => keepTable(context.shared, (path) => copyRows(duck, rows, path, ROW_GROUP));
  const kept: Kept = {
    images: await keepTable(context.shared, (path) => writeOutcome(screening, path)),
    tags: await table(
      "SELECT * REPLACE (total::VARCHAR AS total, squares::VARCHAR AS squares) FROM tag_count",
    ),
    bars: await table("FROM tag_bar"),
    constant: [...(await constantTags(duck))],
  };
  keep(context.shared, await screeningName(duck, context, inputHashes(context)), kept);
}
