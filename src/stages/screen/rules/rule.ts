import type { Duck } from "../../../core/duck.js";
import type { Last } from "../last.js";
import type { Params } from "../schema.js";

/** The rules by the names of their params, in the order in which they are applied. */
export const RULES = [
  "unsafe",
  "exact_duplicates",
  "near_duplicates",
  "constant_scores",
  "collapsed",
  "few_tags",
  "many_tags",
  "label_quality",
] as const satisfies readonly (keyof Params)[];

export type RuleName = (typeof RULES)[number];

/**
 * What the rules share, inside DuckDB. An image is `n`, its row in the labels table, which stands in the order of ids:
 * view `label`(n INTEGER, id, labels, raw, and safe_search where the teacher gave it): the labels as they came;
 * view `measure`(n, id, shown: whether there is an image, picture: a digest of its bytes' name, hash UBIGINT or NULL, unsafe: see
 * unsafe.ts; few, many, digest, given, remaining: see tag-sets.ts): what is known of each row; of rows that have not
 * changed since the last screening, what that has found, and in was_stays, was_kept and was_group_id what became of it;
 * table `fresh`: the others, with the same columns but those; view `image`: the rows with an image;
 * table `tag_count`(tag, before, n, total, squares): see tallies.ts;
 * table `dropped`(n or NULL for a tag, rule, detail, other: an image whose id ends the detail, or NULL);
 * view `kept`: the images not dropped so far;
 * view `current`(n, id, labels, raw, given: how many there were): the labels as the rules so far left them.
 */
export interface Screening {
  readonly duck: Duck;
  readonly params: Params;
  /** All image numbers are below this. */
  readonly rows: number;
  readonly hasSafeSearch: boolean;
  /** Whether the images have perceptual hashes. */
  readonly hashed: boolean;
  /** eval's predictions.parquet and tags.parquet, where the stage has that input. */
  readonly predictions: { readonly scores: string; readonly tags: string } | undefined;
  readonly last: Last | undefined;
  /** Tells the person at the terminal that a rule could not do all it should. */
  note(message: string): void;
}
