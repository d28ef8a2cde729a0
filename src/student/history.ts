/** A finished epoch, as it stands in history.jsonl. No wall-clock value: equal trainings give equal files. */
export interface EpochRecord {
  readonly epoch: number;
  /** Mean training loss over the epoch's samples. */
  readonly loss: number;
  /** Mean loss over the images put aside for validation, if there are any, after the epoch. */
  readonly val_loss?: number;
  readonly samples: number;
  /** Of the epoch's last step. */
  readonly learning_rate: number;
}

export interface EarlyStopping {
  /** Epochs without an improvement after which a training ends. */
  readonly patience: number;
  /** A smaller change of the loss is no improvement. */
  readonly minDelta: number;
}

/** What tells epochs apart: the loss on images not learned from, where there are any. */
function judged(record: EpochRecord): number {
  return record.val_loss ?? record.loss;
}

/** The epoch of the lowest loss, the first of equal ones. */
export function bestEpoch(history: readonly EpochRecord[]): EpochRecord {
  return history.reduce((best, record) => (judged(record) < judged(best) ? record : best));
}

/** Whether a training has ended early, from its history alone: a resumed one ends where it would have. As Keras. */
export function stopsEarly(history: readonly EpochRecord[], { patience, minDelta }: EarlyStopping): boolean {
  let best = Number.POSITIVE_INFINITY;
  let waited = 0;
  for (const record of history) {
    waited++;
    if (judged(record) < best - minDelta) {
      best = judged(record);
      waited = 0;
    }
  }
  return waited >= patience;
}
