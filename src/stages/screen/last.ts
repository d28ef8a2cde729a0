import type { StageContext } from "../../contract/stage.js";
import type { Duck } from "../../core/duck.js";
import type { Sha256 } from "../../core/hash.js";
import type { JsonObject } from "../../core/json.js";
import {
  type IdRange,
  isMuch,
  partsAround,
  soundParts,
  type TableParts,
  unionOf,
} from "../../core/tables/parts.js";
import { keptTable, nameOf, readKept } from "../kept.js";

/** Part of what a screening is kept under: the form of what is kept. */
const FORM = 2;
/** Where more images are to be named all are looked at. */
const MOST_IDS = 5000;
/** As many ranges as a condition may name before it costs more than it spares. */
const MOST_RANGES = 256;

/**
 * What the last screening found, where it was made with the same params and by the same code: what has not changed since is not
 * looked at again. Its tables are Parquet files:
 * `images`: `outcome`, see outcome.ts, with a row for each row of the labels; `tags`: table `tag_count`, and `bars`: table
 * `tag_bar`, see tallies.ts.
 */
export interface Last {
  /** Where rows of images or labels may have changed since: whole parts of the labels, ascending, apart from each other. */
  readonly changed: readonly IdRange[];
  readonly images: string;
  readonly tags: string;
  readonly bars: string;
  /** The labels it was made from. */
  readonly labels: { readonly path: string; readonly parts: TableParts };
  /** The tags that it took out. */
  readonly constant: readonly string[];
}

/** The last screening; undefined where nothing is kept of it, or too much has changed. */
export async function findLast(duck: Duck, context: StageContext): Promise<Last | undefined> {
  const { previous, shared } = context;
  // What a student says is compared with nothing.
  if (context.inputs.predictions) return undefined;
  const [images, labels] = [previous.changed("images"), previous.changed("labels")];
  if (!images || !labels) return undefined;
  const earlier = previous.input("labels");
  const parts = soundParts(earlier?.table);
  if (!earlier || !parts) return undefined;
  const changed = wholeParts(parts.list, unionOf([...images, ...labels]));
  if (changed.length === 0 || isTooMuch(parts, changed)) return undefined;
  const kept = readKept(shared, await screeningName(duck, context, previous.inputs)) as Kept | undefined;
  if (!kept) return undefined;
  const [ofImages, tags, bars] = [kept.images, kept.tags, kept.bars].map((sum) => keptTable(shared, sum));
  if (!ofImages || !tags || !bars) return undefined;
  const { path } = earlier;
  return { changed, images: ofImages, tags, bars, labels: { path, parts }, constant: kept.constant };
}

/** Ids of the images that a query of numbers gives, ascending; undefined where they are many. */
export async function idsOf(duck: Duck, numbers: string): Promise<readonly string[] | undefined> {
  await duck.run(`CREATE OR REPLACE TEMP TABLE wanted AS FROM (${numbers}) LIMIT ${MOST_IDS + 1}`);
  const count = await duck.value<number>("SELECT count(*) FROM wanted");
  if (count === 0) return [];
  if (count > MOST_IDS) return undefined;
  const rows = await duck.all("SELECT id FROM image SEMI JOIN wanted USING (n) ORDER BY id");
  return rows.map(({ id }) => String(id));
}

/** What changed, and the parts of the labels around some ids; undefined where that is too much. */
export function changedAround(last: Last, ids: readonly string[]): readonly IdRange[] | undefined {
  const { parts } = last.labels;
  const ranges = unionOf([...last.changed, ...partsAround(parts.list, ids)]);
  return isTooMuch(parts, ranges) ? undefined : ranges;
}

/** The parts that some ranges touch, as ranges: then rows by id and rows by number are the same. */
function wholeParts(list: TableParts["list"], ranges: readonly IdRange[]): readonly IdRange[] {
  return unionOf(
    ranges.map(({ from, to }) => {
      const first = Math.max(
        0,
        list.findLastIndex(([id]) => id !== null && id <= from),
      );
      const end = list.findIndex(([id]) => to !== undefined && id !== null && id >= to);
      return { from: first === 0 ? "" : list[first]![0]!, to: end < 0 ? undefined : list[end]![0]! };
    }),
  );
}

function isTooMuch(parts: TableParts, ranges: readonly IdRange[]): boolean {
  return ranges.length > MOST_RANGES || isMuch(parts, ranges);
}

/** The record of what is kept: sums of files. */
export interface Kept extends JsonObject {
  readonly images: Sha256;
  readonly tags: Sha256;
  readonly bars: Sha256;
  readonly constant: string[];
}

/** What a screening is kept under. DuckDB's version is a part of it: its hash of a text may be another. */
export async function screeningName(
  duck: Duck,
  { with: params }: StageContext,
  inputs: JsonObject,
): Promise<string> {
  return nameOf("screening", FORM, params, inputs, await duck.value<string>("SELECT version()"));
}
