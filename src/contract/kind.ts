import type { Json, JsonObject } from "../core/json.js";
import type { Refusal, RefusalContext, SecretNeed } from "./refusal.js";

/** Extra words in the JSON Schema of a kind's `with` block; each changes what the runner does with that param. */
export interface ParamKeywords {
  /** The param does not change the result (`concurrency`, `key_env`): it stays out of every fingerprint. */
  readonly pipeNeutral?: true;
  /** The param decides which items there are, not what becomes of one (`count`, `patterns`): out of item keys only. */
  readonly pipeListing?: true;
  /** The release that added the param: it is left out of the fingerprint while it stands at its default. */
  readonly pipeSince?: string;
  /** The value names an environment variable that holds a secret for `context.secret`. */
  readonly pipeSecret?: true;
}

/** What an artifact is, as far as a wrong connection can be told before anything runs. */
export type Holds = "images" | "labels" | "index" | "dataset" | "model" | "report" | "failures";

/** A port that takes an artifact. */
interface InputPort {
  readonly summary: string;
  /** What it has to be; absent: anything. */
  readonly holds?: Holds;
  readonly optional?: true;
}

/** A port that gives an artifact; the first of a kind is what `inputs: { x: stage }` means without `.port`. */
interface OutputPort {
  readonly name: string;
  readonly summary: string;
  /** What it is; absent: the kind does not know (a command's, a module's). */
  readonly holds?: Holds;
}

/** A column that an item stage adds to a row; `blob` columns hold the sha256 of bytes in the store. */
export interface Column {
  readonly name: string;
  /** A DuckDB type: VARCHAR, BIGINT, DOUBLE, STRUCT(tag VARCHAR, score DOUBLE)[] … */
  readonly type: string;
  readonly blob?: true;
  /**
   * Where it stands instead of in the output: in the table of failures (how often something was tried), or in the item cache
   * alone, from where it comes back to the worker as part of the row when the item is asked for again (an ETag).
   */
  readonly place?: "failures" | "cache";
}

/** Sets rows aside by what they turned out to be, whenever they did: another rule fetches nothing anew. */
export interface RowRule {
  /** Their class in the table of failures. */
  readonly class: string;
  /** SQL over the output's columns: true for rows that are set aside. */
  readonly when: string;
  /** SQL over the same: the words that say why. */
  readonly detail: string;
}

/** What asking about items costs, for a kind that asks somebody who takes money. */
export interface PaidWork {
  /** Who is asked, for people. */
  readonly asks: string;
  /**
   * What decides an answer beside the item's bytes. Answers are kept under it for good, apart from the item cache, and
   * whatever becomes of the kind's version. Holds no secret.
   */
  readonly ledger: JsonObject;
  /** What it costs to ask about so many different items. */
  readonly quote: (items: number) => Quote;
  /** USD: a stage that would cost more does not begin. */
  readonly maxCost: number;
}

export interface Quote {
  /** What is counted on the bill. */
  readonly units: number;
  readonly usd: number;
}

/** What item stages (one row in, one row out) add to a kind. */
export interface ItemShape {
  /** The input port whose table is mapped; absent for a kind that lists its own items (crawl). */
  readonly port?: string;
  /** Columns of the input row on which an outcome depends beside the blob; those the table lacks do not count. */
  readonly reads?: readonly string[];
  /** The columns each item's outcome carries. */
  readonly columns: readonly Column[];
  /** Columns taken over from the input row (or the listing): their names, or all that the outcome does not replace. */
  readonly carry: "all" | readonly string[];
  /** What of the output is set aside, as the params say. */
  readonly rules?: (params: JsonObject) => readonly RowRule[];
  /** The stage fails when more items do: a number from 1, or a share below it. Refused and ruled-out items do not count. */
  readonly maxFailures?: (params: JsonObject) => number | undefined;
  /** What to do about items that fail, by the class of their failure. */
  readonly hints?: Readonly<Record<string, string>>;
  /** How many processes share the items at most: 1 where one has to know of all requests. Default: one a core. */
  readonly hosts?: (params: JsonObject) => number | undefined;
  /** What its answers cost, where they cost anything; `context.paid` is there then. */
  readonly paid?: (params: JsonObject) => PaidWork | undefined;
}

/** A row that a listing kind wants made: `input` is what the item's result depends on (a hash, a canonical URL). */
export interface ListedItem {
  /** Unique and stable: the source's own id, or the hash of the relative path or URL. */
  readonly id: string;
  readonly input: string;
  /** Where the worker finds it (a path, a URL); in no key and no table. */
  readonly locator: string;
  /** Identity and rights columns by name; see LISTED_COLUMNS. */
  readonly columns: Readonly<Record<string, string | null>>;
  /** The item is not to be had (a line that says nothing, a licence that is not wanted): it goes straight to `failures`. */
  readonly refused?: { readonly class: string; readonly detail: string };
}

/** The identity and rights columns of every listed item, all VARCHAR. */
export const LISTED_COLUMNS = [
  "source_url",
  "page_url",
  "author",
  "license",
  "license_url",
  "attribution",
] as const;

/** What may be looked at to say what a stage would read. */
export interface IdentityContext {
  readonly with: JsonObject;
  /** Folder of the pipeline file: relative paths start here. */
  readonly base: string;
  readonly seed: number;
  /** sha256 of a file through the stat cache: unchanged size, mtime and inode mean an unchanged hash. */
  hashFile(path: string): Promise<string>;
  /** Says a thing was left out, once per thing (an unreadable file). */
  warn(message: string): void;
}

/** What a listing may use: it runs inside the runner, at plan time for kinds whose `listedAtPlan` says so. */
export interface ListContext extends IdentityContext {
  /** A folder for files that last as long as the listing; made when first used. */
  readonly scratch: string;
  /** A folder that is kept between runs, for answers that may be used again; made when first used. */
  readonly cache: string;
  /** Aborted when the run is interrupted. */
  readonly signal: AbortSignal;
  /** The secret in the environment variable of that name, if the stage's params named it. @throws StageError */
  secret(variable: string): string;
  /**
   * The tables behind hashFile (core/stat-table.ts), for a lister that looks at very many files, in threads of its own
   * perhaps.
   */
  rememberedFiles(): readonly SharedArrayBuffer[];
}

/** Items as they were when the source was looked at. */
export interface Listed extends AsyncIterable<ListedItem> {
  /** Where the source can tell without giving each of them what they are. They may then be gone through more than once. */
  readonly units?: ListedUnits;
}

/** The items of a source in units: those whose ids begin alike. */
interface ListedUnits {
  /** How many items all of them hold. */
  readonly count: number;
  /** Beginning of the ids → what stands for the items: equal for equal items. All beginnings are hexadecimal digits, of one length. */
  readonly sums: Readonly<Record<string, string>>;
  /** The items of some units. */
  items(beginnings: readonly string[]): Iterable<ListedItem>;
}

/**
 * Lists a crawl's items, in an order that follows from the items alone: equal sources give equal listings, whose hash
 * may stand for them.
 */
export type Lister = (context: ListContext) => Listed | Promise<Listed>;

/** What computes a stage, where that changes bytes. */
export type ImplName = "engine" | "sharp";

/**
 * A stage kind as the runner sees it: a record without heavy imports. `module` is loaded by the stage host alone.
 */
export interface Kind {
  readonly name: string;
  /** Raised when the output changes for equal input and params; a golden test watches it. */
  readonly version: number;
  readonly summary: string;
  readonly inputs: Readonly<Record<string, InputPort>>;
  /** Takes any ports beside `inputs` (exec, user modules). */
  readonly anyInputs?: true;
  readonly outputs: readonly [OutputPort, ...OutputPort[]];
  /** Draws random numbers: its fingerprint holds a seed. */
  readonly random?: true;
  readonly item?: ItemShape;
  /** The same params in their shortest spelling, so that two spellings share a result. Takes valid params; must be light. */
  readonly shortest?: (params: JsonObject) => JsonObject;
  readonly impl?: (params: JsonObject) => readonly ImplName[];
  /** Environment variables without secrets that its libraries read (where credentials are found). */
  readonly environment?: (params: JsonObject) => readonly string[];
  /** Cores one stage of this kind uses unless `resources.cpus` says otherwise; all where left out. */
  readonly cpus?: number;
  /** Item kinds: lists the items, for kinds without an input table. */
  readonly list?: () => Promise<Lister>;
  /** Text columns that listed items carry beside LISTED_COLUMNS. */
  readonly listedColumns?: (params: JsonObject) => readonly string[];
  /**
   * From which age on, in milliseconds, a result is asked for again because the world may have changed; undefined: never.
   * All items go to the workers then, with what the cache knows of them.
   */
  readonly refreshAfter?: (params: JsonObject) => number | undefined;
  /**
   * True where the listing stands for the outside world (a local folder): it is made at every plan and its hash is
   * the fingerprint's `identity`. Otherwise the params alone decide.
   */
  readonly listedAtPlan?: (params: JsonObject) => boolean;
  /** Absolute URL of the module that exports `stage: StageModule` (whole) or `items: ItemModule`. */
  readonly module: string;
  /** URLs of the modules that `module` loads later on, for these params: a host that is started early loads them, too. */
  readonly loads?: (params: JsonObject) => readonly string[];
  /**
   * What speaks against carrying the stage out on this machine: a run that would come to it ends before it begins, and a
   * plan says so. Runs in the runner, must be light.
   */
  readonly refusal?: (context: RefusalContext) => Refusal | undefined;
  /**
   * The secrets that its work cannot do without; where left out, or undefined, all that its params name. Runs in the runner,
   * must be light.
   */
  readonly needs?: (params: JsonObject) => readonly SecretNeed[] | undefined;
  /** What else stands in the fingerprint (exec: hashes of declared deps). Runs in the runner, must be light. */
  readonly identity?: (context: IdentityContext) => Promise<Json | undefined>;
}

/** Maps `uses:` to a kind. The runner is given one; only src/stages/registry.ts names the kinds. */
export interface Registry {
  readonly kinds: ReadonlyMap<string, Kind>;
  /** The kind of a user's own module, `uses: ./my-stage.mjs`; nothing of it is imported here. */
  module(path: string): Kind;
  /** The value of an impl name in fingerprints, e.g. engine → "wasm", sharp → "libvips 8.18.0". */
  impl(name: ImplName, params: JsonObject): string;
}
