import { topPositions } from "../../student/labels.js";

/**
 * Agreement with the teacher at k: the share of the teacher's k highest tags that are among the student's k highest, mean
 * over images. At 1 it is the top-1 agreement by which Stanton et al. 2021 ("Does knowledge distillation really work?",
 * section 3) measure how faithful a student is. A teacher returns a truncated list, so that of an image with n < k tags
 * returned the n highest are compared, and images without any do not count. Any of equally high tags of the teacher will do.
 */
export class Agreement {
  private sum = 0;
  private images = 0;

  constructor(private readonly k: number) {}

  /**
   * Adds an image.
   *
   * @param best positions of the student's highest scores, highest first, k of them or more
   * @param targets [tags] the teacher's scores, 0 for what it did not return
   */
  add(best: readonly number[], targets: Float32Array): void {
    const teachers = topPositions(targets, this.k).filter((position) => targets[position]! > 0);
    if (teachers.length === 0) return;
    const lowest = targets[teachers.at(-1)!]!;
    const shared = best.slice(0, teachers.length).filter((position) => targets[position]! >= lowest);
    this.sum += shared.length / teachers.length;
    this.images++;
  }

  /** NaN where the teacher returned no tag of any image. */
  mean(): number {
    return this.sum / this.images;
  }
}
