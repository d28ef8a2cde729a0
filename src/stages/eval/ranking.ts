/**
 * Exact average precision of rankings too long to be held or sorted.
 *
 * Only the scores of positives are kept (8 bytes and a counter each): average precision changes at those alone. The
 * first pass gives them to `addPositive`; `seal` sorts them; the second pass shows every pair, positives included,
 * to `count`. Ties are handled as scikit-learn's `average_precision_score` does: equal scores are one threshold.
 *
 * Memory: about 16 bytes for each positive pair, whatever the number of pairs.
 */
export class Ranking {
  private groups = new Uint32Array(1024);
  private scores = new Float32Array(1024);
  private size = 0;
  /** Where a group's positives start in `sorted`; one more entry than there are groups. */
  private readonly starts: Uint32Array;
  private sorted = new Float32Array(0);
  /** Pairs whose score lies at or above this positive's and below the next one's. */
  private hits = new Float64Array(0);

  /** @param groupCount how many rankings there are: one for each tag, or a single one over all pairs. */
  constructor(private readonly groupCount: number) {
    this.starts = new Uint32Array(groupCount + 1);
  }

  /** First pass: the score of a pair that is positive. */
  addPositive(group: number, score: number): void {
    if (this.size === this.scores.length) this.grow();
    this.groups[this.size] = group;
    this.scores[this.size++] = score;
  }

  /** Between the passes: sorts the positives of each group. */
  seal(): void {
    const { groups, scores, size, starts } = this;
    for (let i = 0; i < size; i++) starts[groups[i]! + 1]!++;
    for (let g = 0; g < this.groupCount; g++) starts[g + 1]! += starts[g]!;
    const next = starts.slice(0, this.groupCount);
    this.sorted = new Float32Array(size);
    for (let i = 0; i < size; i++) this.sorted[next[groups[i]!]!++] = scores[i]!;
    for (let g = 0; g < this.groupCount; g++) this.sorted.subarray(starts[g], starts[g + 1]).sort();
    this.hits = new Float64Array(size);
    this.groups = new Uint32Array(0);
    this.scores = new Float32Array(0);
  }

  /** Second pass: the score of any pair. It must be a float32, as the positives are kept as such. */
  count(group: number, score: number): void {
    const start = this.starts[group]!;
    let low = start;
    let high = this.starts[group + 1]!;
    if (low === high || score < this.sorted[low]!) return;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.sorted[middle]! <= score) low = middle + 1;
      else high = middle;
    }
    this.hits[low - 1]!++;
  }

  /** Positives of a group. */
  positives(group: number): number {
    return this.starts[group + 1]! - this.starts[group]!;
  }

  /**
   * After the second pass: AP = Σₙ (Rₙ − Rₙ₋₁) Pₙ over the distinct scores in falling order, P and R being precision
   * and recall at that threshold (scikit-learn, `average_precision_score`). NaN for a group without positives.
   */
  averagePrecision(group: number): number {
    const start = this.starts[group]!;
    const positives = this.positives(group);
    if (positives === 0) return Number.NaN;
    let sum = 0;
    let found = 0;
    let seen = 0;
    for (let i = start + positives - 1; i >= start; ) {
      const score = this.sorted[i]!;
      let tied = 0;
      for (; i >= start && this.sorted[i] === score; i--) {
        tied++;
        seen += this.hits[i]!;
      }
      found += tied;
      sum += tied * (found / seen);
    }
    return sum / positives;
  }

  private grow(): void {
    const groups = new Uint32Array(this.groups.length * 2);
    const scores = new Float32Array(this.scores.length * 2);
    groups.set(this.groups);
    scores.set(this.scores);
    this.groups = groups;
    this.scores = scores;
  }
}
