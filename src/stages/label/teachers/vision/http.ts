import { Agent, request } from "undici";
import { isJsonObject, type Json } from "../../../../core/json.js";
import { retryAfter } from "../../../../core/net/retry.js";
import { WebError, webErrorOf } from "../../../../core/net/web-error.js";
import { VERSION } from "../../../../core/version.js";
import { type AnnotateResponse, wellFormed } from "./annotate.js";
import { failure, type Service } from "./service.js";

/** Bytes of an answer at most: sixteen pictures with a thousand labels each take a tenth of it. */
const MOST_BYTES = 64 * 2 ** 20;

export interface HttpOptions {
  readonly url: string;
  readonly timeoutMs: number;
  /** The key, and the header in which it is sent. */
  readonly key: string | undefined;
  readonly keyHeader: string;
}

/** A server that speaks images:annotate, asked directly. */
export function httpService({ url, timeoutMs, key, keyHeader }: HttpOptions): Service {
  const header = keyHeader.toLowerCase();
  const value = header === "authorization" ? `Bearer ${key}` : key;
  const headers = key === undefined || value === undefined ? {} : { [header]: value };
  const agent = new Agent({ keepAliveTimeout: 10_000 });
  return {
    name: url,
    key,
    async annotate(requests) {
      const signal = AbortSignal.timeout(timeoutMs);
      try {
        const answer = await request(url, {
          method: "POST",
          dispatcher: agent,
          signal,
          headers: {
            ...headers,
            "content-type": "application/json",
            accept: "application/json",
            "user-agent": `pipestill/${VERSION}`,
          },
          body: JSON.stringify({ requests }),
        });
        const text = await textOf(answer.body);
        const { statusCode: status } = answer;
        if (status !== 200) {
          const asked = answer.headers["retry-after"];
          throw failure(
            url,
            status,
            text,
            retryAfter(typeof asked === "string" ? asked : undefined, Date.now()),
          );
        }
        return responsesIn(url, text);
      } catch (error) {
        if (signal.aborted) {
          throw new WebError("timeout", `no answer within ${timeoutMs / 1000} s`, { transient: true });
        }
        throw webErrorOf(error, false);
      }
    },
    close: () => agent.close(),
  };
}

async function textOf(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MOST_BYTES) throw new WebError("too-large", `an answer of more than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function responsesIn(url: string, text: string): AnnotateResponse[] {
  let json: Json;
  try {
    json = JSON.parse(text) as Json;
  } catch {
    throw new WebError("bad-answer", `${url} gave no JSON: ${text.slice(0, 100)}`, { transient: true });
  }
  const responses = isJsonObject(json) && Array.isArray(json.responses) ? json.responses : [];
  return responses.map(wellFormed);
}
