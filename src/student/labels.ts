/** A tag with its score. */
export interface Label {
  readonly tag: string;
  readonly score: number;
}

/** Positions of the `count` highest scores, highest first; equal scores by position. O(scores · count). */
export function topPositions(scores: Float32Array, count: number): number[] {
  const top: number[] = [];
  for (let position = 0; position < scores.length; position++) {
    const score = scores[position]!;
    if (top.length === count && score <= scores[top.at(-1)!]!) continue;
    let at = top.length;
    while (at > 0 && scores[top[at - 1]!]! < score) at--;
    top.splice(at, 0, position);
    if (top.length > count) top.pop();
  }
  return top;
}

/**
 * The highest scores of an image by tag, rounded to 4 decimals as in every table of labels: highest first, equal
 * ones by tag in code-unit order.
 *
 * @param scores [tags]
 */
export function topLabels(scores: Float32Array, tags: readonly string[], count: number): Label[] {
  return topPositions(scores, count)
    .map((position) => ({ tag: tags[position]!, score: Math.round(scores[position]! * 1e4) / 1e4 }))
    .sort((a, b) => b.score - a.score || (a.tag < b.tag ? -1 : 1));
}
