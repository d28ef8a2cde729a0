/** The codes of google.rpc.Code that this server gives, each with the HTTP status it is sent as. */
const CODES = {
  INVALID_ARGUMENT: { code: 3, http: 400 },
  DEADLINE_EXCEEDED: { code: 4, http: 504 },
  NOT_FOUND: { code: 5, http: 404 },
  PERMISSION_DENIED: { code: 7, http: 403 },
  RESOURCE_EXHAUSTED: { code: 8, http: 429 },
  UNIMPLEMENTED: { code: 12, http: 501 },
  INTERNAL: { code: 13, http: 500 },
  UNAVAILABLE: { code: 14, http: 503 },
  UNAUTHENTICATED: { code: 16, http: 401 },
} as const;

export type StatusName = keyof typeof CODES;

/** A refusal as Google's APIs word it: of a whole request, or of one image in it. */
export class ServeError extends Error {
  constructor(
    readonly status: StatusName,
    message: string,
    /** Seconds after which it is worth trying again. */
    readonly retryAfter?: number,
  ) {
    super(message);
    this.name = "ServeError";
  }

  get http(): number {
    return CODES[this.status].http;
  }

  /** google.rpc.Status, for one image. */
  get rpc(): { readonly code: number; readonly message: string } {
    return { code: CODES[this.status].code, message: this.message };
  }

  /** The body of a refused request. */
  get envelope() {
    return { error: { code: this.http, message: this.message, status: this.status } };
  }
}
