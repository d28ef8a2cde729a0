import type { Screening } from "./rule.js";

/**
 * Turns the table `pair` into groups, in the table `grouped`(n, root, duplicate_of): all images linked directly or over
 * others, under the smallest of them. With `drop`, an image goes when a smaller image that stays is its near duplicate;
 * an image at the end of a chain, alike only to one that goes, stays.
 *
 * Memory: 8 bytes an image, in typed arrays; the pairs are streamed.
 */
export async function groupDuplicates({ duck, params }: Screening): Promise<void> {
  await duck.run("CREATE TABLE grouped (n INTEGER, root INTEGER, duplicate_of INTEGER)");
  const groups = new Groups(await duck.value<number>("SELECT count(*) FROM image"));
  // By the larger member, then the smaller: when an image is judged, all smaller ones have been.
  for await (const rows of duck.stream("SELECT a, b FROM pair ORDER BY b, a")) {
    for (const { a, b } of rows) groups.link(Number(a), Number(b));
  }
  await duck.appendIntegers("grouped", groups.members());
  const { enabled, action } = params.near_duplicates;
  if (!enabled || action === "group") return;
  await duck.run(`INSERT INTO dropped
    SELECT i.id, 'near_duplicates', 'nearly the same as ' || k.id
    FROM grouped g JOIN image i ON i.n = g.n JOIN image k ON k.n = g.duplicate_of`);
}

/** Union-find over image numbers in which the smallest member is the root, and who duplicates whom. */
class Groups {
  private readonly parent: Int32Array;
  /** The smallest image that stays and is linked to this one, or -1. */
  private readonly duplicateOf: Int32Array;

  constructor(size: number) {
    this.parent = Int32Array.from({ length: size }, (_, n) => n);
    this.duplicateOf = new Int32Array(size).fill(-1);
  }

  /** Links a < b. Calls come in the order of b, then a. */
  link(a: number, b: number): void {
    if (this.duplicateOf[a] === -1 && this.duplicateOf[b] === -1) this.duplicateOf[b] = a;
    const [rootA, rootB] = [this.root(a), this.root(b)];
    if (rootA < rootB) this.parent[rootB] = rootA;
    else this.parent[rootA] = rootB;
  }

  /** [image, root, the image it duplicates or -1] of every image that is not the root of its group. */
  *members(): Generator<readonly [number, number, number]> {
    for (let n = 0; n < this.parent.length; n++) {
      const root = this.root(n);
      if (root !== n) yield [n, root, this.duplicateOf[n]!];
    }
  }

  private root(n: number): number {
    const { parent } = this;
    let at = n;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]!]!;
      at = parent[at]!;
    }
    return at;
  }
}
