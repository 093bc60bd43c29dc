/** How the learning rate goes, as a share of its top. */

export type Schedule =
  /** Half a cosine down to zero. @source Loshchilov and Hutter 2016, arXiv:1608.03983, eq. 5, one cycle */
  | { readonly kind: "cosine" }
  /** Times `factor` every so many epochs, in steps or smoothly, counted from the first epoch on as in the papers' code. */
  | { readonly kind: "exponential"; readonly factor: number; readonly every: number; readonly inSteps: boolean }
  /**
   * By cosines from 1/`divide` up to the top after the share `rise` of the run, and down to 1/(`divide` · `divideEnd`).
   * @source Smith and Topin 2017, arXiv:1708.07120; as in PyTorch's `OneCycleLR`
   */
  | { readonly kind: "one-cycle"; readonly rise: number; readonly divide: number; readonly divideEnd: number }
  | { readonly kind: "constant" };

/**
 * After a linear warm-up from zero (Goyal et al. 2017, arXiv:1706.02677, §2.2) the schedule: a cosine or a cycle over the epochs
 * that are left.
 *
 * @param progress epochs done, fractional.
 * @param warmup epochs.
 * @returns the share of the peak learning rate, in [0, 1].
 */
export function learningRateShare(schedule: Schedule, progress: number, warmup: number, epochs: number): number {
  if (progress < warmup) return progress / warmup;
  const share = Math.min((progress - warmup) / Math.max(epochs - warmup, 1e-9), 1);
  switch (schedule.kind) {
    case "cosine":
      return between(1, 0, share);
    case "exponential": {
      const times = progress / schedule.every;
      return schedule.factor ** (schedule.inSteps ? Math.floor(times + 1e-9) : times);
    }
    case "one-cycle": {
      const { rise, divide, divideEnd } = schedule;
      const first = 1 / divide;
      return share < rise
        ? between(first, 1, share / rise)
        : between(1, first / divideEnd, (share - rise) / (1 - rise));
    }
    case "constant":
      return 1;
    default:
      return schedule satisfies never;
  }
}

/** From the one to the other along half a cosine. */
const between = (from: number, to: number, share: number) => to + ((from - to) / 2) * (1 + Math.cos(Math.PI * share));
