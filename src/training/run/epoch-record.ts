/** What an epoch came to; a point of each learning curve. */
export type EpochRecord = {
  /** From 1. */
  readonly epoch: number;
  /** At the end of the epoch. */
  readonly learningRate: number;
  readonly trainLoss: number;
  /** On the augmented images, as they were trained on. */
  readonly trainAccuracy: number;
  readonly validationLoss: number;
  readonly validationAccuracy: number;
  readonly imagesPerSecond: number;
  /** Share of the time, in [0, 1], in which the next step could have run but for its batch. */
  readonly waitingForData: number;
};
