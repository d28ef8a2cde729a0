import { setTimeout as sleep } from "node:timers/promises";
import { type PaidAnswers, StageError } from "../../../../contract/stage.js";
import { withRetries } from "../../../../core/net/retry.js";
import { WebError } from "../../../../core/net/web-error.js";
import type { Answer } from "../../teacher.js";
import {
  type AnnotateRequest,
  type AnnotateResponse,
  hasAnnotations,
  isPassing,
  readAnswer,
} from "./annotate.js";
import { requestsOf } from "./picture.js";
import type { Quota } from "./quota.js";
import { Refused, type Service } from "./service.js";

/** Wait before a picture's second try, milliseconds; it doubles. */
const FIRST_WAIT = 500;
const LONGEST_WAIT = 30_000;

/** So many pictures refused one by one, and none answered: it is not the pictures. */
const ALL_REFUSED = 16;

/** A host that has never answered is waited for so long, milliseconds: a name is misspelled more often than a server starts. */
const UNREACHED_PATIENCE = 12_000;

/** Classes of failures before a connection is there. */
const UNREACHED = ["dns", "connection-refused", "unreachable"];

export interface AskerOptions {
  readonly service: Service;
  readonly features: AnnotateRequest["features"];
  readonly batch: number;
  readonly retries: number;
  readonly requestQuota: Quota;
  readonly imageQuota: Quota;
  readonly signal: AbortSignal;
  readonly paid: PaidAnswers | undefined;
  readonly note: (message: string) => void;
}

/** A picture to be asked about. */
export interface Question {
  readonly blob: string;
  /** Base64. */
  readonly content: string;
}

/** Questions of one call, as far as they are settled. */
interface Round {
  readonly answers: Map<string, Answer>;
  /** Failed in a way that may pass: for the next try. */
  readonly again: Question[];
  /** There is no next try. */
  readonly isLast: boolean;
}

/** Asks a service about pictures: cuts requests, keeps the quota, tries again what may pass, keeps what was answered. */
export class Asker {
  private answered = 0;
  private refused = 0;
  private waits = 0;
  /** Somebody has answered, be it with an error. */
  private reached = false;

  constructor(private readonly options: AskerOptions) {}

  /** One answer per picture, by blob. @throws StageError where the service cannot be reached or lets nobody in */
  async ask(questions: readonly Question[]): Promise<ReadonlyMap<string, Answer>> {
    const answers = new Map<string, Answer>();
    let open = questions;
    for (let attempt = 0; open.length > 0; attempt++) {
      const round: Round = { answers, again: [], isLast: attempt === this.options.retries };
      for (const request of requestsOf(open, this.options.batch)) await this.send(request, round);
      open = round.again;
      if (open.length > 0) await this.pause(attempt);
    }
    return answers;
  }

  close(): Promise<void> {
    return this.options.service.close();
  }

  /** A request that is refused is cut in halves until the picture at fault is alone. */
  private async send(questions: readonly Question[], round: Round): Promise<void> {
    try {
      await this.sendWhole(questions, round);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (questions.length > 1) {
        const half = questions.length >> 1;
        await this.send(questions.slice(0, half), round);
        return this.send(questions.slice(half), round);
      }
      this.refused += 1;
      if (this.answered === 0 && this.refused >= ALL_REFUSED) {
        throw new StageError(error.message, {
          class: "teacher-refuses",
          hint: "every picture so far was refused: look at the teacher's params and the endpoint",
        });
      }
      // Not for good: it may be the request that is wrong, not the picture.
      const detail = error.message;
      round.answers.set(questions[0]!.blob, {
        ok: false,
        class: "refused-by-teacher",
        detail,
        transient: true,
      });
    }
  }

  private async sendWhole(questions: readonly Question[], round: Round): Promise<void> {
    const { service, features, signal, retries, requestQuota, imageQuota, paid, note } = this.options;
    const requests = questions.map(({ content }) => ({ image: { content }, features }));
    const blobs = questions.map(({ blob }) => blob);
    const attempt = async () => {
      await imageQuota.take(questions.length, signal);
      await requestQuota.take(1, signal);
      paid?.asking(blobs);
      let responses: readonly AnnotateResponse[];
      try {
        responses = await service.annotate(requests);
        this.reached = true;
        if (responses.length !== questions.length) {
          const message = `${service.name} gave ${responses.length} answers to ${questions.length} pictures`;
          throw new WebError("bad-answer", message, { transient: true });
        }
      } catch (error) {
        if (!isUnreached(error)) this.reached = true;
        paid?.unanswered(blobs);
        throw error;
      }
      // Nothing is awaited between an answer's arrival and its keeping: no other request goes out before.
      this.settle(questions, responses, round);
    };
    try {
      await withRetries(attempt, {
        retries,
        signal,
        patience: (error) => (this.reached || !isUnreached(error) ? undefined : UNREACHED_PATIENCE),
        onWait: (error, milliseconds) => {
          // A quota is used up for all requests, not for this one.
          if (error.status === 429) requestQuota.pause(milliseconds);
          // One line says it; the rest is patience.
          if (this.waits++ === 0)
            note(`${error.message}; waits ${(milliseconds / 1000).toFixed(1)} s and tries again`);
        },
      });
    } catch (error) {
      if (!(error instanceof WebError)) throw error;
      if (!this.reached) {
        throw new StageError(
          `${service.name} cannot be reached: ${error.message} (tried ${error.attempts} times)`,
          {
            class: "teacher-unavailable",
            hint: "it has not answered once: look at the address, whether a server runs there, and whether this machine may go out",
          },
        );
      }
      throw new StageError(`${error.message} (tried ${error.attempts} times)`, {
        class: "teacher-unavailable",
        hint: "what was answered is kept: run again when the service answers, or look at its quota",
      });
    }
  }

  private settle(questions: readonly Question[], responses: readonly AnnotateResponse[], round: Round): void {
    const kept: { blob: string; json: string }[] = [];
    const without: string[] = [];
    for (const [i, response] of responses.entries()) {
      const question = questions[i]!;
      const { blob } = question;
      const json = this.withoutKey(JSON.stringify(response));
      const passing = isPassing(response);
      if (passing && !round.isLast) round.again.push(question);
      else round.answers.set(blob, readAnswer(json));
      // What failed in a way that may pass is no answer, unless, at last, a part of one came along.
      if (!passing || (round.isLast && hasAnnotations(response))) kept.push({ blob, json });
      else without.push(blob);
    }
    this.answered += kept.length;
    if (kept.length > 0) this.options.paid?.keep(kept);
    if (without.length > 0) this.options.paid?.unanswered(without);
  }

  /** A server may repeat what it was sent; answers are kept for good. */
  private withoutKey(json: string): string {
    const { key } = this.options.service;
    return key ? json.replaceAll(JSON.stringify(key).slice(1, -1), "***") : json;
  }

  private async pause(attempt: number): Promise<void> {
    await sleep(Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** attempt), undefined, {
      signal: this.options.signal,
    });
  }
}

function isUnreached(error: unknown): boolean {
  return error instanceof WebError && UNREACHED.includes(error.failure);
}
