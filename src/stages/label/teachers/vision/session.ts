import type { BaseContext } from "../../../../contract/stage.js";
import type { GoogleVisionTeacher, HttpTeacher } from "../../schema-vision.js";
import type { Answer, LabelItem, TeacherSession } from "../../teacher.js";
import { featuresOf, readAnswer } from "./annotate.js";
import { Asker, type Question } from "./asker.js";
import { googleService } from "./google.js";
import { httpService } from "./http.js";
import { sendable } from "./picture.js";
import { Quota } from "./quota.js";
import type { Service } from "./service.js";

export async function openGoogle(context: BaseContext): Promise<TeacherSession> {
  const params = context.with.teacher as unknown as GoogleVisionTeacher;
  return open(context, params, () => googleService(params, context));
}

export async function openHttp(context: BaseContext): Promise<TeacherSession> {
  const params = context.with.teacher as unknown as HttpTeacher;
  const { url, key_env: variable, key_header: header, timeout } = params;
  const key = variable === undefined ? undefined : context.secret(variable);
  const service = httpService({ url, timeoutMs: timeout * 1000, key, keyHeader: header });
  return open(context, params, async () => service);
}

/** @param connect called once there is something to ask: answers that are kept need no key */
function open(
  context: BaseContext,
  params: GoogleVisionTeacher | HttpTeacher,
  connect: () => Promise<Service>,
): TeacherSession {
  const { batch, concurrency, retries } = params;
  const { paid, signal, note } = context;
  const opened = async () =>
    new Asker({
      service: await connect(),
      features: featuresOf(params),
      batch,
      retries,
      requestQuota: new Quota(params.requests_per_minute, 1),
      imageQuota: new Quota(params.images_per_minute, batch),
      signal,
      paid,
      note,
    });
  let asker: Promise<Asker> | undefined;
  /** Pictures that are being asked about: a row with the same bytes waits for the same answer. */
  const underWay = new Map<string, Promise<Answer>>();
  return {
    batch,
    concurrency,
    recall(blob) {
      const json = paid?.get(blob);
      return json === undefined ? undefined : readAnswer(json);
    },
    async label(pictures) {
      const fresh = pictures.filter(
        ({ blob }, i) => !underWay.has(blob) && pictures.findIndex((other) => other.blob === blob) === i,
      );
      asker ??= opened();
      const asked = asker.then((ready) => askAll(ready, fresh));
      for (const { blob } of fresh)
        underWay.set(
          blob,
          asked.then((answers) => answers.get(blob)!),
        );
      try {
        return await Promise.all(pictures.map(({ blob }) => underWay.get(blob)!));
      } finally {
        for (const { blob } of fresh) underWay.delete(blob);
      }
    },
    close: async () => (await asker?.catch(() => undefined))?.close(),
  };
}

/** Asks about all pictures that can be sent. */
async function askAll(asker: Asker, pictures: readonly LabelItem[]): Promise<ReadonlyMap<string, Answer>> {
  const answers = new Map<string, Answer>();
  const questions: Question[] = [];
  for (const { blob, bytes } of pictures) {
    try {
      questions.push({ blob, content: await sendable(bytes) });
    } catch (error) {
      const detail = (error as Error).message;
      answers.set(blob, { ok: false, class: "broken-image", detail, transient: false });
    }
  }
  return new Map([...answers, ...(await asker.ask(questions))]);
}
