import type { IdentityContext, ImplName, Lister } from "../../contract/kind.js";
import type { SecretNeed } from "../../contract/refusal.js";
import type { BaseContext, ItemWorker } from "../../contract/stage.js";
import type { Json, JsonObject } from "../../core/json.js";

/**
 * Where pictures come from. A plug-in: one record in sources.ts, its params in schema.ts. The record is read by the
 * runner at every plan, so what is heavy stands behind `list` and `open`.
 */
export interface Source {
  /** The `type` in `with.source`. */
  readonly name: string;
  /** The listing stands for the outside world, and is made again at every plan (a folder); see Kind.listedAtPlan. */
  readonly listedAtPlan: boolean;
  /** What computes its bytes. */
  readonly impl: readonly ImplName[];
  /** Fetches over HTTP: one process does all of it, and the source may be asked again. */
  readonly fetches?: true;
  /** Text columns its items have beside those of every source. */
  readonly columns?: (source: JsonObject) => readonly string[];
  /** What stands for the outside world in the fingerprint, where that is less than the listing (a list's hash). */
  readonly identity?: (source: JsonObject, context: IdentityContext) => Promise<Json | undefined>;
  /** The secrets it cannot list without; where left out, all that its params name. */
  readonly needs?: (source: JsonObject) => readonly SecretNeed[];
  /** Loads what lists the items; runs in the runner. */
  list(): Promise<Lister>;
  /** URL of the module that `open` loads. */
  readonly worker: string;
  /** Opens what turns a listed item into a picture; runs in the stage host. */
  open(context: BaseContext): Promise<ItemWorker>;
}
