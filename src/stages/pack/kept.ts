/** What is kept of a samples table beside its rows, for a later run that makes one like it. */
export type Kept = {
  /** The tags, by position, that its labels mean. */
  readonly tags: readonly string[];
  /** Shard path → key of its content. */
  readonly keys: readonly (readonly [shard: string, key: string])[];
};
