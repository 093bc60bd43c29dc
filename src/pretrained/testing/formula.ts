/** Weights and images that `scripts/golden/pretrained.py` computes too, number by number. */
import type { Entry } from "../layouts/weight-layout.js";

/** In [-1, 1): 24 bits of a hash of index and name. */
export function numbers(name: string, count: number): Float32Array {
  const start = crc32Of(name);
  return Float32Array.from({ length: count }, (_, i) => {
    let x = (Math.imul(i, 2654435761) + start) >>> 0;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    x ^= x >>> 16;
    return (x >>> 8) / 2 ** 23 - 1;
  });
}

/** Filters by He's rule, statistics near 0 and 1, in the foreign order. */
export function formulaTensor({ name, foreign, shape }: Entry): Float32Array {
  const count = shape.reduce((product, size) => product * size, 1);
  const fanIn = shape.length === 4 ? count / shape[0]! : null;
  // PyTorch calls a norm's scale as a filter is; the formula is told which it is.
  const told = name.endsWith(".gamma") ? foreign.replace(/\.weight$/, ".bn.weight") : foreign;
  const isAroundOne = /\.(gamma|variance)$/.test(name);
  return numbers(told, count).map((u) => {
    if (fanIn !== null) return u * Math.sqrt(6 / fanIn);
    return isAroundOne ? 1 + 0.5 * u : 0.2 * u;
  });
}

/** `[1, 3, side, side]`. */
export const formulaImage = (side: number): Float32Array => numbers("image", 3 * side * side);

function crc32Of(text: string): number {
  let crc = 0xffff_ffff;
  for (const byte of Buffer.from(text)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
