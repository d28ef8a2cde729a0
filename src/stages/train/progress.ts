import type { BaseContext } from "../../contract/stage.js";
import { EventFile } from "../../student/event-file.js";
import type { TrainHooks, TrainSpec } from "../../student/train-spec.js";

/**
 * Tells how far a training is: "epoch 3/12, step 20/157, loss 0.2134, 812 images/s, 40 s left" while it runs, and a point an
 * epoch to TensorBoard, in the run's folder.
 */
export class Progress {
  private start: { readonly at: number; readonly done: number } | undefined;
  private events: EventFile | undefined;
  private done = 0;

  constructor(
    private readonly context: Pick<BaseContext, "progress" | "note" | "usage" | "logs">,
    private readonly spec: Pick<TrainSpec, "epochs" | "samples" | "batch">,
  ) {}

  /** What a trainer calls. */
  hooks(): Pick<TrainHooks, "onStep" | "onEpoch" | "onResume" | "onUsage"> {
    return {
      onStep: (at) => this.step(at),
      onEpoch: (at) => this.epoch(at),
      onResume: (at) => this.context.note(resumedText(at, this.spec)),
      onUsage: ({ imagesPerSecond, waitShare }) =>
        this.context.usage({ images_per_second: imagesPerSecond, data_wait_share: waitShare }),
    };
  }

  /** Before images are learned from, their frozen features are computed. */
  prepared(images: number): void {
    const { epochs, samples } = this.spec;
    this.context.progress(this.done, epochs * samples, `frozen features of ${images} images`);
  }

  private step({ epoch, step, sample, loss }: Parameters<TrainHooks["onStep"]>[0]): void {
    const { epochs, samples, batch } = this.spec;
    const total = epochs * samples;
    const done = (epoch - 1) * samples + sample;
    this.done = done;
    const now = performance.now();
    let text = `epoch ${epoch}/${epochs}, step ${step}/${Math.ceil(samples / batch)}, loss ${loss.toFixed(4)}`;
    // The first step of a process warms up: it is no measure of speed.
    if (this.start === undefined) {
      this.start = { at: now, done };
    } else {
      const speed = ((done - this.start.done) / (now - this.start.at)) * 1000;
      text += `, ${speed.toFixed(speed < 10 ? 1 : 0)} images/s, ${duration((total - done) / speed)} left`;
    }
    this.context.progress(done, total, text);
  }

  private epoch({ record, step, imagesPerSecond }: Parameters<TrainHooks["onEpoch"]>[0]): void {
    const { epoch: _, samples: __, ...losses } = record;
    const wallTime = Date.now() / 1000;
    this.events ??= new EventFile(this.context.logs, wallTime);
    this.events.scalars({ wallTime, step }, { ...losses, images_per_second: imagesPerSecond });
  }
}

function resumedText(
  { history, part }: Parameters<TrainHooks["onResume"]>[0],
  { epochs, samples }: Pick<TrainSpec, "epochs" | "samples">,
): string {
  const where = part ? `, after ${part.samples} of its ${samples} images` : "";
  return `resumed at epoch ${history.length + 1}${where}: ${history.length} of ${epochs} were done`;
}

function duration(seconds: number): string {
  if (seconds < 100) return `${Math.round(seconds)} s`;
  if (seconds < 100 * 60) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
