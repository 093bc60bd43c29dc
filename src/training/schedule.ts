/**
 * Linear warm-up from zero, then half a cosine down to zero.
 *
 * @param progress epochs done, fractional.
 * @returns the share of the peak learning rate, in [0, 1].
 * @source Loshchilov and Hutter 2016, arXiv:1608.03983, eq. 5, one cycle; warm-up: Goyal et al. 2017, arXiv:1706.02677, §2.2
 */
export function warmupCosine(progress: number, warmup: number, epochs: number): number {
  if (progress < warmup) return progress / warmup;
  const share = Math.min((progress - warmup) / Math.max(epochs - warmup, 1e-9), 1);
  return 0.5 * (1 + Math.cos(Math.PI * share));
}
