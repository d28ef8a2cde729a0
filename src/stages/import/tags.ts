import { readFile } from "node:fs/promises";
import { StageError } from "../../contract/stage.js";
import { readPickleFile } from "../../core/pickle/file.js";

/**
 * Tag names by their place in y: from {tag: place} or a list, as JSON or (a .pkl file) pickled.
 *
 * @throws StageError for a file that gives no tag for a place, or two
 */
export async function readTags(path: string, asWritten: string): Promise<readonly string[]> {
  const fail = (why: string) => {
    const hint = 'it holds an object like {"cat": 0, "dog": 1}, or a list of tags';
    return new StageError(`${asWritten} is no file of tags: ${why}`, { class: "no-tags", hint });
  };
  const pickled = /\.pkl(\.gz)?$/i.test(path);
  let value: unknown;
  try {
    value = pickled ? await readPickleFile(path) : JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    throw fail((error as Error).message);
  }
  const pairs = pairsOf(value);
  if (!pairs) throw fail("it holds neither");
  const tags: string[] = new Array(pairs.length);
  for (const [tag, place] of pairs) {
    if (typeof tag !== "string") throw fail(`${String(tag)} is no name`);
    if (typeof place !== "number" || !(Number.isInteger(place) && place >= 0 && place < pairs.length)) {
      throw fail(`the place of ${tag} is ${String(place)}, and there are ${pairs.length} tags`);
    }
    if (tags[place] !== undefined) throw fail(`${tags[place]} and ${tag} have the same place ${place}`);
    tags[place] = tag;
  }
  if (new Set(tags).size < tags.length) throw fail("a tag stands in it twice");
  if (tags.length === 0) throw fail("it is empty");
  return tags;
}

function pairsOf(value: unknown): readonly (readonly [tag: unknown, place: unknown])[] | undefined {
  if (Array.isArray(value)) return value.map((tag, place) => [tag, place]);
  if (value instanceof Map) return [...value];
  return value?.constructor === Object ? Object.entries(value) : undefined;
}
