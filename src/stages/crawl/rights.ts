import type { ListedItem } from "../../contract/kind.js";
import { isListed, licenseName, readLicense } from "../../core/licenses.js";
import type { Rights } from "./schema.js";

/** Refuses listed items whose licence is not wanted, before anything is fetched. */
export async function* byRights(
  items: AsyncIterable<ListedItem>,
  rights: Rights | undefined,
): AsyncGenerator<ListedItem> {
  if (!rights) return yield* items;
  for await (const item of items) {
    const refused = item.refused ?? refusal(item, rights);
    yield refused ? { ...item, refused } : item;
  }
}

function refusal({ columns }: ListedItem, rights: Rights): ListedItem["refused"] {
  const license = readLicense(columns.license ?? null, columns.license_url ?? null);
  if (!license) {
    if (rights.unknown === "keep") return undefined;
    return { class: "license-unknown", detail: "no licence is told, and `rights.unknown` is drop" };
  }
  const name = licenseName(license);
  if (rights.deny && isListed(license, rights.deny)) {
    return { class: "license-denied", detail: `${name} is in \`rights.deny\`` };
  }
  if (rights.allow && !isListed(license, rights.allow)) {
    return { class: "license-not-allowed", detail: `${name} is not in \`rights.allow\`` };
  }
  return undefined;
}
