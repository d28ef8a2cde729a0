/** Orders names so that each comes after those it needs; ties stand as given. What is in or behind a cycle is left over. */
export function topologicalOrder(needs: ReadonlyMap<string, readonly string[]>): {
  readonly order: readonly string[];
  readonly rest: readonly string[];
} {
  const names = [...needs.keys()];
  const rank = new Map(names.map((name, i) => [name, i]));
  const takers = names.map((): number[] => []);
  const waiting = names.map((name, taker) => {
    const known = needs.get(name)!.flatMap((need) => rank.get(need) ?? []);
    for (const giver of known) takers[giver]!.push(taker);
    return known.length;
  });
  // Ranks of names whose needs are met, descending: the next one is at the end.
  const ready = names.flatMap((_, i) => (waiting[i] === 0 ? [i] : [])).reverse();
  const order: string[] = [];
  for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
    order.push(names[next]!);
    for (const taker of takers[next]!) if (--waiting[taker]! === 0) insertDescending(ready, taker);
  }
  return { order, rest: names.filter((_, i) => waiting[i]! > 0) };
}

function insertDescending(sorted: number[], value: number): void {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! > value) low = middle + 1;
    else high = middle;
  }
  sorted.splice(low, 0, value);
}

/**
 * The cycles among the names that topologicalOrder left over, each in the direction of the data and closed:
 * ["crawl", "resize", "crawl"] where resize takes from crawl and crawl from resize.
 */
export function findCycles(
  needs: ReadonlyMap<string, readonly string[]>,
  rest: readonly string[],
): string[][] {
  const rank = new Map(rest.map((name, i) => [name, i]));
  const seen = new Set<string>();
  const cycles: string[][] = [];
  for (const start of rest) {
    const walk: string[] = [];
    let name: string | undefined = start;
    while (name !== undefined && !seen.has(name)) {
      seen.add(name);
      walk.push(name);
      name = needs.get(name)?.find((need) => rank.has(need));
    }
    const from = name === undefined ? -1 : walk.indexOf(name);
    if (from < 0) continue;
    const cycle = walk.slice(from).reverse();
    const first = cycle.reduce((a, b) => (rank.get(b)! < rank.get(a)! ? b : a));
    const turn = cycle.indexOf(first);
    cycles.push([...cycle.slice(turn), ...cycle.slice(0, turn), first]);
  }
  return cycles;
}
