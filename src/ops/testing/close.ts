/** `expect(received).toBeAllClose(expected)`: numbers that agree up to rounding. Import this file for its effect. */
import { expect } from "vitest";

type Numbers = ArrayLike<number>;

export type Tolerance = {
  /** |received − expected| may be `absolute + relative · |expected|`. By default 1e-6 and 1e-6. */
  readonly absolute?: number;
  readonly relative?: number;
  /** Names the worst element by its index in this shape; by default by its place. */
  readonly shape?: readonly number[];
};

declare module "vitest" {
  // biome-ignore lint/suspicious/noExplicitAny: must match vitest's own declaration
  interface Matchers<T = any> {
    /** Every element close to its counterpart; a failure prints the worst one. NaN is close to nothing. */
    toBeAllClose(expected: Numbers, tolerance?: Tolerance): T;
  }
}

type Comparison = { readonly pass: boolean; readonly message: string };

/** Finds the element that is furthest outside its tolerance, in units of it. */
export function compare(received: Numbers, expected: Numbers, tolerance: Tolerance = {}): Comparison {
  const { absolute = 1e-6, relative = 1e-6, shape = [expected.length] } = tolerance;
  if (received.length !== expected.length) {
    return { pass: false, message: `expected ${expected.length} numbers, received ${received.length}` };
  }
  let worst = 0;
  let worstExcess = Number.NEGATIVE_INFINITY;
  let outside = 0;
  for (let place = 0; place < expected.length; place++) {
    const [a, b] = [received[place]!, expected[place]!];
    const excess = a === b ? 0 : Math.abs(a - b) / (absolute + relative * Math.abs(b));
    const outOf = !(excess <= 1);
    if (outOf) outside++;
    if (excess > worstExcess || (Number.isNaN(excess) && !Number.isNaN(worstExcess))) {
      [worst, worstExcess] = [place, excess];
    }
  }
  if (expected.length === 0) return { pass: true, message: "no numbers at all" };
  const [a, b] = [received[worst]!, expected[worst]!];
  return {
    pass: outside === 0,
    message:
      `${outside} of ${expected.length} numbers differ by more than ${absolute} + ${relative} · |expected|\n` +
      `  worst at [${indexOf(worst, shape).join(", ")}]: expected ${b}, received ${a}, difference ${Math.abs(a - b)}`,
  };
}

function indexOf(place: number, shape: readonly number[]): number[] {
  let rest = place;
  return shape
    .toReversed()
    .map((extent) => {
      const index = rest % extent;
      rest = Math.floor(rest / extent);
      return index;
    })
    .reverse();
}

expect.extend({
  toBeAllClose(received: Numbers, expected: Numbers, tolerance?: Tolerance) {
    const { pass, message } = compare(received, expected, tolerance);
    return { pass, message: () => message };
  },
});
