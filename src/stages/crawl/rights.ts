import type { Listed, ListedItem } from "../../contract/kind.js";
import { isListed, licenseName, readLicense } from "../../core/licenses.js";
import type { Rights } from "./schema.js";

/** Refuses listed items whose licence is not wanted, before anything is fetched. */
export function byRights(items: Listed, rights: Rights | undefined): Listed {
  if (!rights) return items;
  const { units } = items;
  return {
    // The rights stand in the fingerprint themselves: sums of the items do for both.
    ...(units ? { units: { ...units, items: (of) => checkedEach(units.items(of), rights) } } : {}),
    [Symbol.asyncIterator]: () => checkedAll(items, rights),
  };
}

async function* checkedAll(items: Listed, rights: Rights): AsyncGenerator<ListedItem> {
  for await (const item of items) yield checked(item, rights);
}

function* checkedEach(items: Iterable<ListedItem>, rights: Rights): Generator<ListedItem> {
  for (const item of items) yield checked(item, rights);
}

function checked(item: ListedItem, rights: Rights): ListedItem {
  const refused = item.refused ?? refusal(item, rights);
  return refused ? { ...item, refused } : item;
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
