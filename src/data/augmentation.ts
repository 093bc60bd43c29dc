import type { Rng } from "../base/index.js";
import type { AugmentationPolicy } from "./augmentation-policy.js";
import type { Rectangle } from "./picture.js";

/** Random changes to training pictures that leave their class as it is. */
export type Augmentation = {
  /** Largest shift in each direction, as a fraction of the side; what comes in from outside is the mirror image of the inside. */
  readonly shift: number;
  /** Mirror left and right, every other time. */
  readonly flip: boolean;
  /** Probability of blanking a rectangle with the mean colour. */
  readonly erase: number;
  /** Changes of form and colour, before the others; none where left out. */
  readonly policy?: AugmentationPolicy | undefined;
  /** A part of the picture, at least this share of its area, made as large as the whole; the whole where left out. */
  readonly crop?: number | undefined;
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

/** Sides of a crop, width ÷ height, at their most. @source Szegedy et al. 2014, arXiv:1409.4842, §6 */
const MOST_RATIO = 4 / 3;
const DRAWS = 10;

/**
 * A part of the picture with at least the share `least` of its area, in px, not on whole pixels' borders necessarily.
 *
 * @source Szegedy et al. 2014, arXiv:1409.4842, §6; ten draws and then the whole, as in torchvision's `RandomResizedCrop`
 */
export function drawCrop(least: number, size: number, rng: Rng): Rectangle {
  for (let draw = 0; draw < DRAWS; draw++) {
    const area = size * size * (least + (1 - least) * rng.uniform());
    const ratio = MOST_RATIO ** (2 * rng.uniform() - 1);
    const [width, height] = [Math.round(Math.sqrt(area * ratio)), Math.round(Math.sqrt(area / ratio))];
    if (width < 1 || height < 1 || width > size || height > size) continue;
    return { x: rng.integer(size - width + 1), y: rng.integer(size - height + 1), width, height };
  }
  return { x: 0, y: 0, width: size, height: size };
}
