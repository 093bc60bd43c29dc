/** Tensors as other libraries would write them, with our numbers. */

import type { Tensor } from "../../weights/index.js";
import type { Entry } from "../layouts/weight-layout.js";

/** Our numbers in the order of the foreign tensor: a loop over our four axes, whatever theirs are. */
export function toForeign(own: Float32Array, { axes, shape, foreignShape }: Entry): Float32Array {
  const foreign = new Float32Array(own.length);
  // How far apart neighbours on our axis i lie in the foreign tensor; axes it does not have are one place long.
  const step = (i: number) => foreignShape.slice(axes[i]! + 1).reduce((product, size) => product * size, 1);
  const [a, b, c, d] = [0, 1, 2, 3].map((i) => (i < axes.length ? step(i) : 0)) as [number, number, number, number];
  const [A, B, C, D] = [0, 1, 2, 3].map((i) => shape[i] ?? 1) as [number, number, number, number];
  let from = 0;
  for (let i = 0; i < A; i++)
    for (let j = 0; j < B; j++)
      for (let k = 0; k < C; k++) for (let l = 0; l < D; l++) foreign[i * a + j * b + k * c + l * d] = own[from++]!;
  return foreign;
}

export type ForeignTensors = Map<string, Tensor>;

export function foreignTensors(entries: readonly Entry[], own: ReadonlyMap<string, Float32Array>): ForeignTensors {
  return new Map(
    entries.map((entry) => [
      entry.foreign,
      { dtype: "F32", shape: entry.foreignShape, data: toForeign(own.get(entry.name)!, entry) },
    ]),
  );
}
