/** How scaled widths and depths become whole numbers. Every published size depends on these few lines. */

/**
 * The multiple of `divisor` nearest to `width`, at least `divisor`, one step up where rounding down would leave too little.
 *
 * @param width real, as a multiplier leaves it.
 * @param leaves share of the width that rounding down has to leave: nine tenths nearly everywhere; 0 for the nearest in any case.
 * @example makeDivisible(32 * 0.35, 8); // 16: 8 would lose more than a tenth of 11.2
 * @source tensorflow/models `research/slim/nets/mobilenet/mobilenet.py`, `make_divisible`
 */
export function makeDivisible(width: number, divisor: number, leaves = 0.9): number {
  const nearest = Math.max(divisor, Math.floor((width + divisor / 2) / divisor) * divisor);
  return nearest < leaves * width ? nearest + divisor : nearest;
}

/**
 * ⌈depth · repeats⌉.
 *
 * The small allowance takes back floating-point dust: 1.1 · 10 is 11.000000000000002 and means 11. No published pair of
 * depth and repeats lies that close to a whole number, so the published networks do not depend on it.
 * @source tensorflow/tpu `models/official/efficientnet/efficientnet_model.py`, `round_repeats`
 */
export function scaleRepeats(repeats: number, depth: number): number {
  return Math.max(1, Math.ceil(repeats * depth - 1e-9));
}

/**
 * The real widths, ascending and at most `most`, at which `makeDivisible` goes on to its next multiple.
 * @example divisibleSteps(8, 30); // [8.89, 17.78, 26.67]: from 40 on, steps lie half-way between multiples
 */
export function divisibleSteps(divisor: number, most: number, leaves = 0.9): number[] {
  const steps: number[] = [];
  for (let multiple = divisor; ; multiple += divisor) {
    const step = Math.min(multiple + divisor / 2, multiple / leaves);
    if (step > most) return steps;
    steps.push(step);
  }
}
