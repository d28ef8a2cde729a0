import type { IdentityContext, ImplName, PaidWork } from "../../contract/kind.js";
import type { SecretNeed } from "../../contract/refusal.js";
import type { BaseContext, Item } from "../../contract/stage.js";
import type { Json, JsonObject } from "../../core/json.js";

export interface Label {
  readonly tag: string;
  /** In [0, 1]. */
  readonly score: number;
  /** The teacher's own name for what the tag means: a Knowledge Graph id, /m/0bt9lr. */
  readonly mid?: string;
  /** How much the picture is about the tag, in [0, 1]. */
  readonly topicality?: number;
}

/** How likely a picture is of a kind that not everybody wants to see: UNKNOWN, VERY_UNLIKELY … VERY_LIKELY. */
export type SafeSearch = Readonly<Record<"adult" | "spoof" | "medical" | "violence" | "racy", string>>;

/** A picture as resize left it. */
export interface LabelItem {
  readonly item: Item;
  /** sha256 of its bytes. */
  readonly blob: string;
  readonly bytes: Buffer;
}

/** What a teacher says of one picture. `raw` is the answer as it came, where there was one. */
export type Answer =
  | {
      readonly ok: true;
      readonly labels: readonly Label[];
      readonly safeSearch?: SafeSearch;
      readonly raw?: Uint8Array;
    }
  | { readonly ok: false; readonly class: string; readonly detail: string; readonly transient: boolean };

export interface TeacherSession {
  /** Pictures in one call at most. */
  readonly batch: number;
  /** Calls under way at once. */
  readonly concurrency: number;
  /** An answer about a picture of this sha256 that is there already: its bytes are not even read then. */
  recall?(blob: string): Answer | undefined;
  /** One answer per picture, in order; a picture that cannot be labelled is an answer, not an exception. */
  label(pictures: readonly LabelItem[]): Promise<readonly Answer[]>;
  close?(): Promise<void>;
}

/** Who labels. A plug-in: one record in teachers.ts, its params in schema.ts. */
export interface Teacher {
  /** The `type` in `with.teacher`. */
  readonly name: string;
  readonly impl: readonly ImplName[];
  /** Whether one process has to know of all requests, to keep a quota. */
  readonly single?: true;
  /** What its answers cost, where they cost anything. */
  readonly paid?: (params: JsonObject) => PaidWork;
  /** What else of the world its answers depend on. Runs in the runner. */
  readonly identity?: (params: JsonObject, context: IdentityContext) => Promise<Json | undefined>;
  /** Environment variables without secrets that its libraries read. */
  readonly environment?: (params: JsonObject) => readonly string[];
  /** The secrets it cannot ask without; where left out, all that its params name. */
  readonly needs?: (params: JsonObject) => readonly SecretNeed[];
  /** URL of the module that `open` loads. */
  readonly session: string;
  open(context: BaseContext): Promise<TeacherSession>;
}
