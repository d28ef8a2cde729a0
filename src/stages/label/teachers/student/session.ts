import type { BaseContext } from "../../../../contract/stage.js";
import { openEngine } from "../../../../engine/engine.js";
import type { EngineId } from "../../../../engine/resolve.js";
import { topLabels } from "../../../../student/labels.js";
import type { Student } from "../../../../student/model-file.js";
import { openStudent } from "../../../../student/open-student.js";
import { decodePixels } from "../../../../student/pixels.js";
import { preparer } from "../../../resize/prepare.js";
import type { StudentTeacher } from "../../schema.js";
import type { Answer, LabelItem, TeacherSession } from "../../teacher.js";
import { locate } from "./model.js";

/** Pictures in one forward pass. */
const BATCH = 32;

/** A trained student labels: its scores of the tags it knows. */
export async function open(context: BaseContext): Promise<TeacherSession> {
  const { max_results: most } = context.with.teacher as unknown as StudentTeacher;
  const student = await openStudent(locate(context), await openEngine(context.impl.engine as EngineId));
  const decode = await decoder(student);
  return {
    batch: BATCH,
    concurrency: 1,
    async label(pictures) {
      const decoded = await Promise.all(pictures.map(decode));
      const images = decoded.filter((picture) => picture instanceof Uint8Array);
      const scores = await student.predict(images);
      const { tags } = student;
      let at = 0;
      return decoded.map((picture): Answer => {
        if (!(picture instanceof Uint8Array)) return picture;
        const own = scores.subarray(at, at + tags.length);
        at += tags.length;
        return { ok: true, labels: topLabels(own, tags, most).filter(({ score }) => score > 0) };
      });
    },
    close: async () => student.dispose(),
  };
}

/** RGB bytes of a picture in the student's size, which is mostly the one it has already; or why there are none. */
async function decoder(student: Student): Promise<(picture: LabelItem) => Promise<Uint8Array | Answer>> {
  const prepare = await preparer(student.resize, student.size);
  return async ({ item, bytes }) => {
    try {
      const { width, height } = item.row;
      const fits = width === student.size.width && height === student.size.height;
      return fits ? await decodePixels(bytes, student.size) : await prepare(bytes);
    } catch (error) {
      return { ok: false, class: "broken-image", detail: (error as Error).message, transient: false };
    }
  };
}
