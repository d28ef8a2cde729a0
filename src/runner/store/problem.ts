/** Something in the store that is not as it should be. */
export interface Problem {
  readonly what: "blob" | "pack" | "segment" | "tree" | "result" | "run" | "latest" | "stat-cache" | "paid";
  /** Absolute path of the file it is about. */
  readonly path: string;
  /** One sentence. */
  readonly message: string;
  /** What is broken is out of use: the next run makes it anew. */
  readonly fixed: boolean;
}
