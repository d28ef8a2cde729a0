import * as tf from "@tensorflow/tfjs-core";
import type { NamedWeight } from "./network.js";

/** A weight with the tensors of its shape that an optimiser keeps for it, by slot. */
interface Slot {
  readonly weight: tf.Variable;
  readonly kept: Readonly<Record<string, tf.Variable>>;
}

/** The tensors that an optimiser keeps for each weight, zero at first. */
export class Slots implements Iterable<Slot> {
  private readonly list: readonly (Slot & { readonly name: string })[];

  constructor(weights: readonly NamedWeight[], names: readonly string[]) {
    const zeros = (value: tf.Variable) => tf.tidy(() => tf.variable(tf.zerosLike(value), false));
    this.list = weights.map(({ name, value }) => ({
      name,
      weight: value,
      kept: Object.fromEntries(names.map((slot) => [slot, zeros(value)])),
    }));
  }

  [Symbol.iterator](): Iterator<Slot> {
    return this.list[Symbol.iterator]();
  }

  /** By name, `<weight>/<slot>`. */
  named(): { readonly name: string; readonly value: tf.Variable }[] {
    return this.list.flatMap(({ name, kept }) =>
      Object.entries(kept).map(([slot, value]) => ({ name: `${name}/${slot}`, value })),
    );
  }

  dispose(): void {
    for (const { value } of this.named()) value.dispose();
  }
}
