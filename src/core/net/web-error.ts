import { StageError } from "../errors.js";

export interface WebErrorOptions {
  /** Tried again later it may pass. */
  readonly transient?: boolean;
  /** How long the server asks to be left alone, milliseconds. */
  readonly retryAfterMs?: number;
  readonly status?: number;
  readonly hint?: string;
}

/** Why something could not be had over HTTP. `failure` is its class in a table of failures: timeout, http-404, private-address … */
export class WebError extends StageError {
  readonly transient: boolean;
  readonly retryAfterMs: number | undefined;
  readonly status: number | undefined;
  /** How often it was tried. */
  attempts = 1;

  constructor(
    readonly failure: string,
    message: string,
    options: WebErrorOptions = {},
  ) {
    super(message, { class: failure, ...(options.hint === undefined ? {} : { hint: options.hint }) });
    this.name = "WebError";
    this.transient = options.transient ?? false;
    this.retryAfterMs = options.retryAfterMs;
    this.status = options.status;
  }
}

/** What to do about failures of a class that look alike for many addresses. */
export const FAILURE_HINTS: Readonly<Record<string, string>> = {
  "private-address": "allow_private: true lets such addresses through, where you mean to reach them",
};

/** Codes of system, undici and zlib errors → class, and whether it may pass. */
const CODES: Readonly<Record<string, readonly [failure: string, transient: boolean]>> = {
  PRIVATE_ADDRESS: ["private-address", false],
  ENOTFOUND: ["dns", true],
  EAI_AGAIN: ["dns", true],
  EAI_FAIL: ["dns", true],
  EAI_NODATA: ["dns", true],
  ECONNREFUSED: ["connection-refused", true],
  ECONNRESET: ["connection-reset", true],
  EPIPE: ["connection-reset", true],
  ECONNABORTED: ["connection-reset", true],
  EHOSTUNREACH: ["unreachable", true],
  ENETUNREACH: ["unreachable", true],
  EADDRNOTAVAIL: ["unreachable", true],
  ETIMEDOUT: ["timeout", true],
  UND_ERR_CONNECT_TIMEOUT: ["timeout", true],
  UND_ERR_HEADERS_TIMEOUT: ["timeout", true],
  UND_ERR_BODY_TIMEOUT: ["timeout", true],
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: ["truncated", true],
  UND_ERR_SOCKET: ["connection-reset", true],
  UND_ERR_HEADERS_OVERFLOW: ["bad-answer", false],
  Z_BUF_ERROR: ["truncated", true],
  Z_DATA_ERROR: ["bad-encoding", false],
};

/** An error of undici, the system or zlib as a failure of the web. Errors of the program itself come back as they are. */
export function webErrorOf(error: unknown, reading: boolean): unknown {
  if (error instanceof WebError || !(error instanceof Error)) return error;
  const { code = "", message } = error as NodeJS.ErrnoException;
  // Of several addresses tried, the first failure says enough.
  if (error instanceof AggregateError) return webErrorOf(error.errors[0], reading);
  const known = Object.hasOwn(CODES, code) ? CODES[code] : undefined;
  // Whether a connection was closed or reset in the middle of a body is, at times, not to be told apart.
  if (reading && known?.[0] === "connection-reset") {
    return new WebError("truncated", `the body ends too early: ${message}`, { transient: true });
  }
  if (known) return new WebError(known[0], message || code, { transient: known[1] });
  if (error.name === "HTTPParserError") return new WebError("bad-answer", message);
  if (/BROTLI|_ERROR_FORMAT|^Z_/.test(code)) return new WebError("bad-encoding", message);
  if (/CERT|SSL|TLS|SELF_SIGNED|ISSUER|ALTNAME/.test(code)) return new WebError("tls", message || code);
  if (code.startsWith("UND_ERR_INVALID")) return new WebError("bad-url", message);
  if (code.startsWith("UND_ERR_")) return new WebError("bad-answer", message, { transient: true });
  if ("syscall" in error && !reading)
    return new WebError("unreachable", message || code, { transient: true });
  return error;
}
