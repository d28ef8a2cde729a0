/** A failure a stage foresaw: shown with its hint instead of a stack. */
export class StageError extends Error {
  constructor(
    message: string,
    readonly options: { readonly hint?: string; readonly class?: string; readonly blob?: string } = {},
  ) {
    super(message);
    this.name = "StageError";
  }
}

/** What is told of a failure. */
export interface FailureText {
  readonly message: string;
  readonly hint?: string;
  readonly class?: string;
  readonly blob?: string;
  /** Only of what nobody foresaw. */
  readonly stack?: string;
}

/** What helps against a failure of the system. */
const SYSTEM_HINTS: Readonly<Record<string, string>> = {
  ENOSPC: "the disk or its table of files is full: df -h and df -i tell which; what is finished is kept",
  EDQUOT: "your quota on this disk is used up; what is finished is kept",
  EACCES: "look who may read and write there",
  EPERM: "look who may read and write there",
  EROFS: "that disk is mounted read-only",
  EMFILE: "too many files are open at once: raise the limit (ulimit -n)",
  ENFILE: "this machine has too many files open at once",
};

/** The code of a system error; DuckDB gives a full disk in words alone. */
function systemCode(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return /no space left on device/i.test(message ?? "") ? "ENOSPC" : String(code ?? "");
}

/** What to do about a system error, as far as its code tells. */
export function systemHint(error: unknown): string | undefined {
  const known = systemCode(error);
  return Object.hasOwn(SYSTEM_HINTS, known) ? SYSTEM_HINTS[known] : undefined;
}

/** Whether something could not be written for want of room, on the disk or in what the user may take of it. */
export function isOutOfSpace(error: unknown): boolean {
  return ["ENOSPC", "EDQUOT"].includes(systemCode(error));
}

/** Longer texts are cut: they are kept in records and printed. */
const LONGEST = 4000;

/** A text of bounded length. */
export function shortened(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}… (${text.length} characters)`;
}

/** A thrown value as it is recorded and shown. */
export function describeError(error: unknown): FailureText {
  if (!(error instanceof Error)) return { message: shortened(`${String(error)} was thrown`) };
  const message = shortened(error.message);
  if (error instanceof StageError) return { message, ...error.options };
  const hint = systemHint(error);
  if (hint !== undefined) return { message, hint };
  return { message, ...(error.stack ? { stack: shortened(error.stack) } : {}) };
}
