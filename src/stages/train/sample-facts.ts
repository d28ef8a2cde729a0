import { type StageContext, StageError } from "../../contract/stage.js";
import { Duck, parquet } from "../../core/duck.js";
import type { Dataset } from "../../student/dataset.js";
import { balancedWeights } from "../../student/targets.js";
import { hashThreshold } from "../../student/validation.js";
import type { Params } from "./schema.js";
import type { DataFacts } from "./spec.js";

/**
 * What a training must know of its images before it begins. The table of samples is asked only where params need it.
 *
 * @throws StageError where a share leaves nothing, or a weight is for a tag that is not there.
 */
export async function sampleFacts(
  context: StageContext,
  params: Params,
  dataset: Dataset,
): Promise<DataFacts> {
  const { seed } = context;
  const balanced = params.class_weights === "balanced" || params.class_weights === "balanced_sqrt";
  const given = typeof params.class_weights === "object" ? params.class_weights : undefined;
  const named = given && namedWeights(given, dataset.tags);
  if (!balanced && params.validation === 0) {
    return { seed, samples: dataset.counts.train, tagWeights: named };
  }
  const duck = await Duck.open({ scratch: context.scratch, threads: context.cpus });
  try {
    const samples = `(SELECT * FROM ${parquet(context.inputs.data!.path("samples.parquet"))} WHERE split = 'train')`;
    const aside = await countAside(duck, samples, params.validation);
    checkShare(aside, dataset.counts.train, params.validation);
    const power = params.class_weights === "balanced" ? 1 : 0.5;
    const tagWeights = balanced
      ? balancedWeights(await countTags(duck, samples, dataset.tags.length), power)
      : named;
    return { seed, samples: dataset.counts.train - aside, tagWeights };
  } finally {
    duck.close();
  }
}

/** The images that `validationShare` puts aside. */
async function countAside(duck: Duck, samples: string, share: number): Promise<number> {
  const hash = "('0x' || substr(sha256('validation:' || id), 1, 8))::UBIGINT";
  return duck.value<number>(`SELECT count(*) FROM ${samples} WHERE ${hash} < ${hashThreshold(share)}`);
}

function checkShare(aside: number, all: number, share: number): void {
  if (share === 0 || (aside > 0 && aside < all)) return;
  throw new StageError(`\`validation: ${share}\` puts ${aside} of ${all} training images aside`, {
    class: "empty-data",
    hint: "choose a share that leaves images on both sides",
  });
}

/** Training images by tag, [tags]. */
async function countTags(duck: Duck, samples: string, tags: number): Promise<number[]> {
  const rows = await duck.all(
    `SELECT l.position AS position, count(*) AS n FROM (SELECT unnest(labels) AS l FROM ${samples}) GROUP BY 1`,
  );
  const counts = new Array<number>(tags).fill(0);
  for (const { position, n } of rows) counts[Number(position)] = Number(n);
  return counts;
}

function namedWeights(weights: Readonly<Record<string, number>>, tags: readonly string[]): Float32Array {
  const known = new Set(tags);
  const unknown = Object.keys(weights).filter((tag) => !known.has(tag));
  if (unknown.length > 0) {
    throw new StageError(`class_weights names what is no tag of the data set: ${unknown.join(", ")}`, {
      class: "unknown-tag",
      hint: "the tags are those of the index stage, by their whole names",
    });
  }
  return Float32Array.from(tags, (tag) => weights[tag] ?? 1);
}
