import { denseTargets, type Sample } from "../../student/dataset.js";
import type { Student } from "../../student/model-file.js";
import type { Predicted } from "./measure.js";

/** Images predicted at once. */
const BATCH = 32;

/**
 * Runs the student over samples, a batch at a time, in their order. The yielded arrays are used again for the next image.
 *
 * @param limit stop after this many images
 */
export async function* predictions(
  student: Student,
  samples: AsyncIterable<Sample>,
  signal: AbortSignal,
  limit = Number.POSITIVE_INFINITY,
): AsyncGenerator<Predicted> {
  const tags = student.tags.length;
  const targets = new Float32Array(tags);
  for await (const batch of batches(samples, BATCH, limit)) {
    signal.throwIfAborted();
    const scores = await student.predict(batch.map((sample) => sample.pixels));
    for (const [i, { id, labels }] of batch.entries()) {
      denseTargets(labels, targets);
      yield { id, scores: scores.subarray(i * tags, (i + 1) * tags), targets };
    }
  }
}

/** The first `limit` items in arrays of `size`; the source is read no further than that. */
async function* batches<T>(items: AsyncIterable<T>, size: number, limit: number): AsyncGenerator<T[]> {
  if (limit <= 0) return;
  let left = limit;
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
    left--;
    if (batch.length < size && left > 0) continue;
    yield batch;
    if (left === 0) return;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
