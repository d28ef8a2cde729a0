import type { ListContext, ListedItem } from "../../../../contract/kind.js";
import type { SyntheticSource } from "../../schema.js";

/** Scenes 0 to count − 1, made up as they are asked for. */
export async function* list(context: ListContext): AsyncGenerator<ListedItem> {
  const { count, seed } = context.with.source as SyntheticSource;
  const columns = {
    source_url: null,
    page_url: null,
    author: null,
    license: "CC0-1.0",
    license_url: "https://creativecommons.org/publicdomain/zero/1.0/",
    attribution: "synthetic",
  };
  for (let index = 0; index < count; index++) {
    const id = `scene-${seed}-${String(index).padStart(7, "0")}`;
    yield { id, input: id, locator: String(index), columns };
  }
}
