import { createRequire } from "node:module";
import type { v1 } from "@google-cloud/vision";
import type { AuthClient, GoogleAuth } from "google-auth-library";
import { type BaseContext, StageError } from "../../../../contract/stage.js";
import { isJsonObject, type Json, type JsonObject } from "../../../../core/json.js";
import { retryAfter } from "../../../../core/net/retry.js";
import { WebError, webErrorOf } from "../../../../core/net/web-error.js";
import type { GoogleVisionTeacher } from "../../schema-vision.js";
import type { AnnotateResponse } from "./annotate.js";
import { INSTEAD_OF_A_KEY, isGoogle, keyVariable } from "./credentials.js";
import { failure, type Service } from "./service.js";

/**
 * Google's own client over REST: it is asked for one method, batches are ours, and REST works through proxies, against
 * `pipe serve`, and says with `Retry-After` how long to wait. Retries are ours too, since a quota is kept over all requests.
 *
 * @throws StageError where no credentials are found
 */
export async function googleService(params: GoogleVisionTeacher, context: BaseContext): Promise<Service> {
  const require = createRequire(import.meta.url);
  const { v1: vision } = require("@google-cloud/vision") as { readonly v1: typeof v1 };
  const { endpoint } = params;
  const url = new URL(endpoint ?? "https://vision.googleapis.com");
  const name = endpoint ? `google-vision at ${url.host}` : "google-vision";
  const key = keyFor(params, context);
  const client = new vision.ImageAnnotatorClient({
    ...(await credentials(params, key)),
    apiEndpoint: url.hostname,
    // Left out, it would be 443 whatever the endpoint says.
    port: Number(url.port || (url.protocol === "http:" ? 80 : 443)),
    protocol: url.protocol.slice(0, -1),
    fallback: true,
  });
  return {
    name,
    key,
    async annotate(requests) {
      try {
        const [answer] = await client.batchAnnotateImages({ requests: [...requests] } as never, {
          retry: null as never,
        });
        return ((answer.responses ?? []) as unknown as Json[]).map(restJson);
      } catch (error) {
        throw errorOf(name, error, params.timeout);
      }
    },
    close: () => client.close(),
  };
}

/** The key that requests hold. @throws StageError for a variable that is named and not set */
function keyFor(params: GoogleVisionTeacher, context: BaseContext): string | undefined {
  const key = keyVariable(params);
  return key && (key.required || context.hasSecret(key.variable)) ? context.secret(key.variable) : undefined;
}

/** How requests prove who sends them; Google's credentials, too, go to Google alone. */
async function credentials(
  { key_env: variable, endpoint, timeout }: GoogleVisionTeacher,
  apiKey: string | undefined,
): Promise<{ readonly auth: GoogleAuth } | { readonly authClient: AuthClient }> {
  const require = createRequire(import.meta.url);
  const { GoogleAuth, PassThroughClient } =
    require("google-auth-library") as typeof import("google-auth-library");
  const transporterOptions = { timeout: timeout * 1000 };
  if (apiKey !== undefined)
    return { auth: new GoogleAuth({ apiKey, clientOptions: { transporterOptions } }) };
  if (!isGoogle(endpoint)) return { authClient: new PassThroughClient({ transporterOptions }) };
  const auth = new GoogleAuth({
    scopes: ["https://www.googleapis.com/auth/cloud-vision"],
    clientOptions: { transporterOptions },
  });
  try {
    await auth.getClient();
  } catch (error) {
    throw new StageError(`google-vision has no credentials: ${(error as Error).message}`, {
      class: "teacher-refuses",
      hint: `export ${variable}=<API key>, ${INSTEAD_OF_A_KEY}`,
    });
  }
  return { auth };
}

/** What the client throws: gaxios' errors with the answer's text as their message, gax' with a numeric code, or the system's. */
function errorOf(name: string, error: unknown, timeout: number): unknown {
  if (!(error instanceof Error)) return error;
  const { status, response, code, cause } = error as Error & {
    readonly status?: number;
    readonly code?: string | number;
    readonly cause?: NodeJS.ErrnoException;
    readonly response?: { readonly headers?: Headers };
  };
  if (typeof status === "number") {
    const asked = response?.headers?.get("retry-after") ?? undefined;
    return failure(name, status, error.message, retryAfter(asked, Date.now()));
  }
  if (/abort|timeout/i.test(`${error.name} ${cause?.name ?? ""}`) || code === "TimeoutError") {
    return new WebError("timeout", `${name} gave no answer within ${timeout} s`, { transient: true });
  }
  if (error instanceof SyntaxError) {
    return new WebError("bad-answer", `${name} gave no JSON`, { transient: true });
  }
  const system = Object.assign(new Error(cause?.message ?? error.message), {
    code: String(cause?.code ?? code),
  });
  const known = webErrorOf(system, false);
  return known instanceof WebError ? known : error;
}

/** The client's message as REST has it: without the lists, texts and numbers that only say nothing is there. */
function restJson(message: Json): AnnotateResponse {
  return (stripped(message) as JsonObject | undefined) ?? {};
}

function stripped(value: Json): Json | undefined {
  if (value === null || value === "" || value === 0) return undefined;
  if (Array.isArray(value)) {
    const list = value.map((entry) => stripped(entry) ?? {});
    return list.length > 0 ? list : undefined;
  }
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).flatMap(([key, member]) => {
    const kept = stripped(member);
    return kept === undefined ? [] : [[key, kept] as const];
  });
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}
