import type { BaseContext } from "../../contract/stage.js";
import type { TrainSpec } from "../../student/trainer.js";

/** Tells how far a training is: "epoch 3/12, loss 0.2134, 812 images/s, 40 s left". */
export class Progress {
  private start: { readonly at: number; readonly done: number } | undefined;

  constructor(
    private readonly context: Pick<BaseContext, "progress">,
    private readonly spec: TrainSpec,
  ) {}

  step({ epoch, sample, loss }: { epoch: number; sample: number; loss: number }): void {
    const { epochs, samples } = this.spec;
    const total = epochs * samples;
    const done = (epoch - 1) * samples + sample;
    const now = performance.now();
    let text = `epoch ${epoch}/${epochs}, loss ${loss.toFixed(4)}`;
    // The first step of a process warms up: it is no measure of speed.
    if (this.start === undefined) {
      this.start = { at: now, done };
    } else {
      const speed = ((done - this.start.done) / (now - this.start.at)) * 1000;
      text += `, ${speed.toFixed(speed < 10 ? 1 : 0)} images/s, ${duration((total - done) / speed)} left`;
    }
    this.context.progress(done, total, text);
  }
}

function duration(seconds: number): string {
  if (seconds < 100) return `${Math.round(seconds)} s`;
  if (seconds < 100 * 60) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
