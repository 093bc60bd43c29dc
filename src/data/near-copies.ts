/**
 * Copies of a picture that are not the same bytes: saved at another quality, in another format or size. Pictures that are saved again as
 * JPEG of quality 50 or more come within these bounds, nearly all of them; others, alike as shirts are, do not: `results/near-copies`.
 */
import { LEAST_CONTRAST, type Thumbnail, type Thumbnails, thumbnailAt } from "./thumbnail.js";

/** In levels, between the eighths of two copies; and the same as a share of the contrast there is. */
const MOST_APART = { levels: 4, contrast: 0.3 };
/** In levels, between the sixteenths: on the whole, and of any one. A hand of a clock is small, and black on white. */
const MOST_APART_FINE = { all: 7, one: 28 };
const MOST_APART_COLOUR = 4;

/**
 * A picture that is a copy of an earlier one is compared with no later one: so those that differ a little from one to the next, as the
 * frames of a film, are not all one.
 *
 * @param order places of pictures. @returns of each that is a copy the place of the first that it is a copy of.
 */
export function copiesAmong(thumbnails: Thumbnails, order: readonly number[]): (readonly [number, number])[] {
  const { count } = thumbnails;
  const [coarsest, coarse] = [new Float32Array(16 * count), new Float32Array(64 * count)];
  const most = new Float32Array(count);
  const cells = new Map<number, number[]>();
  const copies: (readonly [number, number])[] = [];
  for (const i of order) {
    const thumbnail = thumbnailAt(thumbnails, i);
    if (thumbnail.contrast < LEAST_CONTRAST) continue;
    coarsest.set(thumbnail.coarsest, 16 * i);
    coarse.set(thumbnail.coarse, 64 * i);
    most[i] = Math.min(MOST_APART.levels, MOST_APART.contrast * thumbnail.contrast);
    const cell = cellOf(thumbnail);
    const isOriginal = (j: number) => {
      const apart = Math.min(most[i]!, most[j]!);
      // Means of fewer are never farther apart than what they are means of.
      const isClose = areWithin(apart, coarsest, coarsest, 16, i, j) && areWithin(apart, coarse, coarse, 64, i, j);
      return isClose && areFineCopies(thumbnail, thumbnailAt(thumbnails, j));
    };
    let original: number | undefined;
    for (const offset of neighbours) original ??= cells.get(cell + offset)?.find(isOriginal);
    if (original !== undefined) {
      copies.push([i, original]);
      continue;
    }
    const there = cells.get(cell);
    if (there === undefined) cells.set(cell, [i]);
    else there.push(i);
  }
  return copies;
}

const areFineCopies = (a: Thumbnail, b: Thumbnail): boolean =>
  areWithin(MOST_APART_FINE.all, a.fine, b.fine, a.fine.length) &&
  a.fine.every((level, i) => Math.abs(level - b.fine[i]!) <= MOST_APART_FINE.one) &&
  areWithin(MOST_APART_COLOUR, a.colour, b.colour, a.colour.length);

/** Whether the root of their mean square is. */
function areWithin(most: number, a: Float32Array, b: Float32Array, length: number, i = 0, j = 0): boolean {
  const [from, other] = [i * length, j * length];
  const mostSquares = most * most * length;
  let squares = 0;
  for (let k = 0; k < length; k++) {
    squares += (a[from + k]! - b[other + k]!) ** 2;
    if (squares > mostSquares) return false;
  }
  return true;
}

/** The mean, and three of Walsh's functions on `coarsest`: top against bottom, the middle against the borders, by rows and by columns. */
const walsh: readonly ((row: number, column: number) => 1 | -1)[] = [
  () => 1,
  (row) => (row < 2 ? 1 : -1),
  (row) => (row === 1 || row === 2 ? 1 : -1),
  (_, column) => (column === 1 || column === 2 ? 1 : -1),
];
const signs = walsh.map((sign) => Array.from({ length: 16 }, (_, i) => sign(Math.floor(i / 4), i % 4)));

/** In one direction: there are half as many, and a number of four of them is a small integer. */
const CELLS = 128;

/** Copies lie in the same cell or in two that touch: such a mean of differences is never larger than their root mean square. */
const cellOf = ({ coarsest }: Thumbnail): number =>
  signs.reduce((cell, sign) => {
    let sum = 0;
    for (let i = 0; i < coarsest.length; i++) sum += sign[i]! * coarsest[i]!;
    return cell * CELLS + Math.floor(sum / coarsest.length / MOST_APART.levels);
  }, 0);

const neighbours = signs.reduce<readonly number[]>(
  (offsets) => offsets.flatMap((offset) => [-1, 0, 1].map((step) => offset * CELLS + step)),
  [0],
);
