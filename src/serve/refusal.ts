import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { ServeError } from "./status.js";
import { LIMITS } from "./vision.js";

/** Answers a request that failed as Google's APIs do. */
export function refuse(
  error: FastifyError | ServeError,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const refusal = error instanceof ServeError ? error : worded(error, request.headers["content-type"]);
  if (refusal.retryAfter !== undefined) reply.header("retry-after", refusal.retryAfter);
  return reply.code(refusal.http).send(refusal.envelope);
}

/** fastify's own refusals in Google's words. */
function worded(error: FastifyError, given: string | undefined): ServeError {
  if (error.code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") {
    const got = given === undefined ? "none was sent" : `not ${given.slice(0, 100)}`;
    return new ServeError("INVALID_ARGUMENT", `The content type has to be application/json, ${got}.`);
  }
  if (error.code === "FST_ERR_CTP_BODY_TOO_LARGE") {
    return new ServeError(
      "INVALID_ARGUMENT",
      `Request payload size exceeds the limit: ${LIMITS.body} bytes.`,
    );
  }
  if (error.validation) return new ServeError("INVALID_ARGUMENT", `${error.message}.`);
  if ((error.statusCode ?? 500) < 500) return new ServeError("INVALID_ARGUMENT", error.message);
  if (error.statusCode === 503) return new ServeError("UNAVAILABLE", error.message, 1);
  return new ServeError("INTERNAL", "This is a bug in pipestill.");
}
