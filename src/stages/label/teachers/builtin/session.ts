import type { BaseContext } from "../../../../contract/stage.js";
import { sharp } from "../../../../core/sharp.js";
import type { Answer, Label, LabelItem, TeacherSession } from "../../teacher.js";
import { type Area, type Picture, readPicture } from "./picture.js";
import { measure, TAGS } from "./tags.js";

/** Lower scores are left out: a tag that is not there is no label, as with any teacher. */
export const LOWEST_SCORE = 0.05;

export async function open(context: BaseContext): Promise<TeacherSession> {
  sharp.concurrency(1);
  sharp.cache(false);
  return {
    batch: 1,
    concurrency: context.cpus * 2,
    label: (pictures) => Promise.all(pictures.map(answer)),
  };
}

/** The tags of a picture, unrounded and in no order. */
export function labelsOf(picture: Picture): Label[] {
  const measurements = measure(picture);
  return Object.entries(TAGS)
    .map(([tag, score]) => ({ tag, score: score(measurements) }))
    .filter(({ score }) => score >= LOWEST_SCORE);
}

async function answer({ item, bytes }: LabelItem): Promise<Answer> {
  try {
    return { ok: true, labels: labelsOf(await readPicture(bytes, contentArea(item.row))) };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { ok: false, class: "broken-image", detail, transient: false };
  }
}

/** The part of a picture that is no padding: what resize says, else all of it. */
function contentArea(row: LabelItem["item"]["row"]): Area | undefined {
  const [left, top, width, height] = ["content_left", "content_top", "content_width", "content_height"].map(
    (column) => row[column],
  );
  const known = [left, top, width, height].every((value) => typeof value === "number");
  return known ? ({ left, top, width, height } as Area) : undefined;
}
