/**
 * Groups of images that belong together, and who duplicates whom. Images are numbers in the order of ids; links are made
 * in the order of their larger image, so that when an image is judged all smaller ones have been.
 *
 * Memory: 8 bytes an image, in typed arrays.
 */
export class Groups {
  /** Union-find in which the smallest member is the root. */
  private readonly parent: Int32Array;
  /** The smallest image that stays and is linked to this one, or -1. */
  private readonly duplicateOf: Int32Array;

  constructor(size: number) {
    this.parent = new Int32Array(size);
    for (let n = 0; n < size; n++) this.parent[n] = n;
    this.duplicateOf = new Int32Array(size).fill(-1);
  }

  /** Puts two images into one group. */
  join(a: number, b: number): void {
    const [rootA, rootB] = [this.root(a), this.root(b)];
    if (rootA < rootB) this.parent[rootB] = rootA;
    else this.parent[rootA] = rootB;
  }

  /**
   * Makes `b` a duplicate of `a` < `b`, in one group with it; of several, of the smallest that stays. One that is alike
   * only to images that go stays itself.
   */
  link(a: number, b: number): void {
    this.join(a, b);
    if (this.duplicateOf[a] !== -1) return;
    if (this.duplicateOf[b] === -1 || a < this.duplicateOf[b]!) this.duplicateOf[b] = a;
  }

  /** Makes `b` what `a` is: their pictures look the same. */
  twin(a: number, b: number): void {
    this.join(a, b);
    this.duplicateOf[b] = this.duplicateOf[a] === -1 ? a : this.duplicateOf[a]!;
  }

  isDuplicate(n: number): boolean {
    return this.duplicateOf[n] !== -1;
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
