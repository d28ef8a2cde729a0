/** Orders names so that each comes after those it needs; ties stand as given. What is in or behind a cycle is left over. */
export function topologicalOrder(needs: ReadonlyMap<string, readonly string[]>): {
  readonly order: readonly string[];
  readonly rest: readonly string[];
} {
  const done = new Set<string>();
  let rest = [...needs.keys()];
  for (;;) {
    const before = rest.length;
    rest = rest.filter((name) => {
      const ready = needs.get(name)!.every((need) => done.has(need) || !needs.has(need));
      if (ready) done.add(name);
      return !ready;
    });
    if (rest.length === before || rest.length === 0) return { order: [...done], rest };
  }
}

/**
 * The cycles among the names that topologicalOrder left over, each in the direction of the data and closed:
 * ["crawl", "resize", "crawl"] where resize takes from crawl and crawl from resize.
 */
export function findCycles(
  needs: ReadonlyMap<string, readonly string[]>,
  rest: readonly string[],
): string[][] {
  const open = new Set(rest);
  const seen = new Set<string>();
  const cycles: string[][] = [];
  for (const start of rest) {
    const walk: string[] = [];
    let name: string | undefined = start;
    while (name !== undefined && !seen.has(name)) {
      seen.add(name);
      walk.push(name);
      name = needs.get(name)?.find((need) => open.has(need));
    }
    const from = name === undefined ? -1 : walk.indexOf(name);
    if (from < 0) continue;
    const cycle = walk.slice(from).reverse();
    const first = cycle.reduce((a, b) => (rest.indexOf(b) < rest.indexOf(a) ? b : a));
    const turn = cycle.indexOf(first);
    cycles.push([...cycle.slice(turn), ...cycle.slice(0, turn), first]);
  }
  return cycles;
}
