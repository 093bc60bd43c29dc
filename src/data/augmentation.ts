import type { Rng } from "../base/index.js";

/** Random changes to training pictures that leave their class as it is. */
export type Augmentation = {
  /** Largest shift in each direction, as a fraction of the side; what comes in from outside is the mirror image of the inside. */
  readonly shift: number;
  /** Mirror left and right, every other time. */
  readonly flip: boolean;
  /** Probability of blanking a rectangle with the mean colour. */
  readonly erase: number;
};

/** What happens to one picture. */
export type Change = {
  /** Whole pixels; positive moves the picture right. */
  readonly dx: number;
  /** Positive moves it down. */
  readonly dy: number;
  readonly flip: boolean;
  /** In px of the result; null: nothing is blanked. */
  readonly erase: Rectangle | null;
};

export type Rectangle = { readonly x: number; readonly y: number; readonly width: number; readonly height: number };

/**
 * Draws always the same number of random numbers, so that switching one change off moves none of the others.
 *
 * @param size side of the picture, px.
 * @source the rectangle: 2 % to 1/3 of the area, sides in a ratio of 0.3 to 1/0.3. Zhong et al. 2017, arXiv:1708.04896,
 *   Algorithm 1 and §5.1; a rectangle that sticks out is cut to fit, where the paper draws again.
 */
export function drawChange({ shift, flip, erase }: Augmentation, size: number, rng: Rng): Change {
  const reach = Math.round(shift * size);
  const between = (low: number, high: number) => low + (high - low) * rng.uniform();

  const dx = rng.integer(2 * reach + 1) - reach;
  const dy = rng.integer(2 * reach + 1) - reach;
  const flips = rng.uniform() < 0.5;
  const erases = rng.uniform() < erase;
  const area = between(0.02, 1 / 3) * size * size;
  const ratio = Math.exp(between(Math.log(0.3), Math.log(1 / 0.3)));
  const height = Math.min(size, Math.max(1, Math.round(Math.sqrt(area * ratio))));
  const width = Math.min(size, Math.max(1, Math.round(Math.sqrt(area / ratio))));
  const x = rng.integer(size - width + 1);
  const y = rng.integer(size - height + 1);
  return { dx, dy, flip: flip && flips, erase: erases ? { x, y, width, height } : null };
}

/** The place itself inside [0, size); outside, its mirror image at the border pixel: −1 → 1, size → size − 2. */
export function reflect(place: number, size: number): number {
  if (size === 1) return 0;
  const period = 2 * (size - 1);
  const folded = ((place % period) + period) % period;
  return folded < size ? folded : period - folded;
}
