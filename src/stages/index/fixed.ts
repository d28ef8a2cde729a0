import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { StageError } from "../../contract/stage.js";
import type { Params } from "./schema.js";

/**
 * The fixed tag list of `tags` or `tags_file`, in the order of the network's outputs; undefined where there is none.
 *
 * @throws StageError for both at once, an unreadable or empty file, or a tag that stands twice
 */
export function fixedTags(params: Params, base: string): readonly string[] | undefined {
  if (params.tags && params.tags_file !== undefined) {
    throw new StageError("`tags` and `tags_file` are both given", { hint: "keep one of them" });
  }
  if (params.tags) return unique(params.tags, "`tags`");
  if (params.tags_file === undefined) return undefined;
  const tags = readTags(resolve(base, params.tags_file), params.tags_file);
  if (tags.length === 0) {
    throw new StageError(`${params.tags_file} holds no tag`, { hint: "one tag a line, or a JSON array" });
  }
  return unique(tags, params.tags_file);
}

function readTags(path: string, name: string): readonly string[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    throw new StageError(`${name} cannot be read: ${(error as Error).message}`, {
      hint: "`tags_file` is relative to the pipeline file",
    });
  }
  if (!name.endsWith(".json")) {
    return text
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter((line) => line !== "");
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new StageError(`${name} is not JSON: ${(error as Error).message}`);
  }
  if (!Array.isArray(value) || !value.every((tag) => typeof tag === "string" && tag !== "")) {
    throw new StageError(`${name} is not a JSON array of tag names`, { hint: 'expected ["cat", "dog", …]' });
  }
  return value;
}

function unique(tags: readonly string[], where: string): readonly string[] {
  const seen = new Map<string, number>();
  for (const [position, tag] of tags.entries()) {
    const before = seen.get(tag);
    if (before !== undefined) {
      throw new StageError(
        `the tag ${JSON.stringify(tag)} stands twice in ${where}: at positions ${before} and ${position}`,
        { hint: "each tag is one output of the network: name it once" },
      );
    }
    seen.set(tag, position);
  }
  return tags;
}
