/**
 * Maps a stream with up to `ahead` calls under way at once; results come in the order of the source. Work started
 * for items that nobody asks for any more is left to end on its own.
 */
export async function* prefetch<T, R>(
  source: AsyncIterable<T> | Iterable<T>,
  ahead: number,
  map: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const waiting: Promise<R>[] = [];
  for await (const item of source) {
    const result = map(item);
    result.catch(() => {}); // Reported where it is awaited.
    waiting.push(result);
    if (waiting.length >= ahead) yield await waiting.shift()!;
  }
  while (waiting.length > 0) yield await waiting.shift()!;
}
