import type { ItemModule } from "../../contract/stage.js";
import type { Params } from "./schema.js";
import { sourceNamed } from "./sources.js";

export const items: ItemModule = {
  open(context) {
    const { source } = context.with as Params;
    return sourceNamed(source.type).open(context);
  },
};
