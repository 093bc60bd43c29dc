/**
 * Published networks halve the map five times; on a small image that would leave a single place, and the last stages,
 * whose kernels reach 3 or 5 places, would convolve padding.
 *
 * The rule: keep the largest number n of halvings for which ⌈resolution / 2ⁿ⌉ ≥ 3, and no more than the network has. A 3 × 3 kernel
 * then still sees a neighbour on every side of the centre. Strides are dropped from the front, stem first: the last maps
 * carry the classes and keep their published place in the pyramid, while the first ones carry the detail of which a small
 * image has none to spare. At 96 px, the smallest published resolution, 96 / 32 = 3 and nothing changes.
 */
import type { Architecture } from "./architecture.js";

/** The smallest side of the last map. */
const LEAST_SIDE = 3;

/** How many of `available` halvings an image of this side keeps. */
export function halvingsFor(resolution: number, available: number): number {
  let kept = available;
  while (kept > 0 && Math.ceil(resolution / 2 ** kept) < LEAST_SIDE) kept--;
  return kept;
}

/** The network with as many strides as its resolution bears; the network itself where that is all of them. */
export function fitStrides(architecture: Architecture): Architecture {
  const { stem, stages, resolution } = architecture;
  const available = stages.reduce((count, { stride }) => count + stride - 1, stem.stride - 1);
  let surplus = available - halvingsFor(resolution, available);
  if (surplus === 0) return architecture;
  const thin = <T extends { readonly stride: 1 | 2 }>(layer: T): T => {
    if (layer.stride === 1 || surplus === 0) return layer;
    surplus--;
    return { ...layer, stride: 1 };
  };
  return { ...architecture, stem: thin(stem), stages: stages.map(thin) };
}
