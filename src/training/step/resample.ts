/** Square pictures in another size, as numbers: what a network of another resolution is shown of a batch. */

/** For each place along a side, which places of the other size it is made of, with weights that sum to one. */
type Taps = readonly { readonly first: number; readonly weights: Float64Array }[];

/**
 * Bilinear, antialiased where it reduces: the triangle is as wide as a pixel of the smaller size.
 *
 * @returns a function that takes `count` planes of `from` × `from` numbers, row by row, to as many of `to` × `to`; where the two
 *   are equal it returns what it is given.
 */
export function resampled(from: number, to: number): (planes: Float32Array, count: number) => Float32Array {
  if (from === to) return (planes) => planes;
  const taps = tapsOf(from, to);
  return (planes, count) => {
    const wide = new Float32Array(count * from * to);
    // Along rows; then along columns.
    for (let row = 0; row < count * from; row++) {
      for (let x = 0; x < to; x++) wide[row * to + x] = weighed(planes, row * from, 1, taps[x]!);
    }
    const result = new Float32Array(count * to * to);
    for (let n = 0; n < count; n++) {
      for (let y = 0; y < to; y++) {
        for (let x = 0; x < to; x++) result[(n * to + y) * to + x] = weighed(wide, n * from * to + x, to, taps[y]!);
      }
    }
    return result;
  };
}

function weighed(numbers: Float32Array, start: number, step: number, { first, weights }: Taps[number]): number {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) sum += weights[i]! * numbers[start + (first + i) * step]!;
  return sum;
}

function tapsOf(from: number, to: number): Taps {
  const scale = from / to;
  const reach = Math.max(scale, 1);
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - reach));
    const last = Math.min(from, Math.ceil(centre + reach));
    const raw = Float64Array.from({ length: last - first }, (_, k) =>
      Math.max(0, 1 - Math.abs(first + k + 0.5 - centre) / reach),
    );
    const total = raw.reduce((sum, weight) => sum + weight, 0);
    return { first, weights: raw.map((weight) => weight / total) };
  });
}
