import type { Sample, Student } from "../../student/TODO.js";
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
  const targets = new Float32Array(student.tags.length);
  let left = limit;
  for await (const batch of batches(samples, BATCH)) {
    signal.throwIfAborted();
    const wanted = batch.slice(0, left);
    const scores = await student.predict(wanted.map((sample) => sample.pixels));
    for (const [i, sample] of wanted.entries()) {
      targets.fill(0);
      for (const [position, score] of sample.labels) targets[position] = score;
      yield {
        id: sample.id,
        scores: scores.subarray(i * targets.length, (i + 1) * targets.length),
        targets,
      };
    }
    left -= wanted.length;
    if (left <= 0) return;
  }
}

async function* batches<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
