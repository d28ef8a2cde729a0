import type { Duck } from "../../../core/duck.js";
import type { Params } from "../schema.js";

/** The rules by the names of their params, in the order in which they are applied. */
export const RULES = [
  "exact_duplicates",
  "near_duplicates",
  "constant_scores",
  "collapsed",
  "few_tags",
] as const satisfies readonly (keyof Params)[];

export type RuleName = (typeof RULES)[number];

/**
 * What the rules share, inside DuckDB:
 * table `image`(n INTEGER by order of id, id, blob, hash UBIGINT or NULL): images that have labels;
 * table `dropped`(id or NULL for a tag, rule, detail);
 * table `pair`(a INTEGER, b INTEGER), a < b: images that belong together;
 * view `kept`: the images not dropped so far;
 * view `current`(id, labels, raw): the labels as the rules so far left them.
 */
export interface Screening {
  readonly duck: Duck;
  readonly params: Params;
  /** Tells the person at the terminal that a rule could not do all it should. */
  note(message: string): void;
}
