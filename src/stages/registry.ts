import type { ImplName, Kind, Registry } from "../contract/kind.js";
import { resolveEngine } from "../engine/resolve.js";
import { kind as crawl } from "./crawl/kind.js";
import { kind as evaluate } from "./eval/kind.js";
import { kind as exec } from "./exec/kind.js";
import { kind as importKind } from "./import/kind.js";
import { kind as index } from "./index/kind.js";
import { kind as label } from "./label/kind.js";
import { libvipsId } from "./libvips.js";
import { moduleKind } from "./module/kind.js";
import { kind as pack } from "./pack/kind.js";
import { kind as resize } from "./resize/kind.js";
import { kind as screen } from "./screen/kind.js";
import { kind as train } from "./train/kind.js";

const KINDS: readonly Kind[] = [crawl, importKind, resize, label, screen, index, pack, train, evaluate, exec];

/** The stage kinds there are: the only list. */
export const registry: Registry = {
  kinds: new Map(KINDS.map((kind) => [kind.name, kind])),
  module: moduleKind,
  impl(name: ImplName, params) {
    switch (name) {
      case "engine":
        return resolveEngine(String(params.engine ?? "auto"));
      case "sharp":
        return libvipsId();
    }
  },
};
