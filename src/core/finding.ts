/** What a check of `pipe doctor` found. */
export interface Finding {
  /** What was looked at: "disk", "node". */
  readonly check: string;
  /** A note is worth knowing and needs nothing done; a problem does. */
  readonly level: "ok" | "note" | "problem";
  /** One sentence, or a version. */
  readonly message: string;
  /** The one command or step that mends it, or tidies it up. */
  readonly fix?: string;
}
