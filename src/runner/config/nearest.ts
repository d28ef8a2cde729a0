/** A longer word is no slip of the finger. */
const MAX_LENGTH = 100;
const MAX_LISTED = 30;

/** Edit distance where a swap of neighbours counts as one edit (optimal string alignment). */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(previous[j]! + 1, row[j - 1]! + 1, previous[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, before[j - 2]! + 1);
      }
      row.push(cost);
    }
    before = previous;
    previous = row;
  }
  return previous[b.length]!;
}

/** The name that was probably meant: at most a third of the letters differ. Ties go to the first. */
export function nearest(name: string, names: Iterable<string>): string | undefined {
  if (name.length > MAX_LENGTH) return undefined;
  const wanted = name.toLowerCase().replaceAll("-", "_");
  let best: string | undefined;
  let least = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of names) {
    if (Math.abs(candidate.length - name.length) >= least) continue;
    const cost = distance(wanted, candidate.toLowerCase().replaceAll("-", "_"));
    if (cost < least && candidate !== name) {
      best = candidate;
      least = cost;
    }
  }
  return best;
}

/** A hint that names the nearest; where none is near, all there are: "did you mean size?", "there are fit, size". */
export function suggest(name: string, names: readonly string[], intro = "there are"): string | undefined {
  return didYouMean(name, names) ?? listing(names, intro);
}

/** A hint that names the nearest, if one is near. */
export function didYouMean(name: string, names: Iterable<string>): string | undefined {
  const near = nearest(name, names);
  return near === undefined ? undefined : `did you mean ${near}?`;
}

function listing(names: readonly string[], intro: string): string | undefined {
  if (names.length === 0) return undefined;
  const more = names.length > MAX_LISTED ? ` and ${names.length - MAX_LISTED} more` : "";
  return `${intro} ${names.slice(0, MAX_LISTED).join(", ")}${more}`;
}

/** "a", "a or b", "a, b or c". */
export function orList(words: readonly string[]): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}
