import { type FlatLayout, pack } from "../step/flat.js";
import type { TrainedNetwork, TrainingState } from "../step/state.js";
import { type StateLayout, stateLayout } from "../step/state-layout.js";

/** For every number of a layout its place in another; −1 where that has none. */
export function placesIn(layout: FlatLayout, other: FlatLayout): Int32Array {
  const known = new Map(other.slices.map((slice) => [slice.name, slice]));
  const places = new Int32Array(layout.size).fill(-1);
  for (const { name, shape, offset, size } of layout.slices) {
    const there = known.get(name);
    if (there?.shape.length !== shape.length) continue;
    // Axes of a filter: out, in, height, width.
    const shifts = shape.map((extent, axis) => (axis < 2 ? 0 : Math.floor((there.shape[axis]! - extent) / 2)));
    for (let i = 0; i < size; i++) {
      const place = placeOf(i, shape, there.shape, shifts);
      if (place >= 0) places[offset + i] = there.offset + place;
    }
  }
  return places;
}

/** Row-major in both. */
function placeOf(index: number, shape: readonly number[], other: readonly number[], shifts: readonly number[]): number {
  let [rest, place, stride] = [index, 0, 1];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const at = (rest % shape[axis]!) + shifts[axis]!;
    if (at < 0 || at >= other[axis]!) return -1;
    place += at * stride;
    stride *= other[axis]!;
    rest = Math.floor(rest / shape[axis]!);
  }
  return place;
}

/**
 * @param fresh how the network would begin without a parent: what has no counterpart stays so.
 * @returns also the share of the weights that was inherited.
 */
export function inherit(
  layout: StateLayout,
  fresh: TrainingState,
  { architecture, tensors }: TrainedNetwork,
): { readonly state: TrainingState; readonly share: number } {
  const parent = stateLayout(architecture);
  const take = (own: FlatLayout, start: Float32Array, other: FlatLayout) => {
    const [places, values] = [placesIn(own, other), pack(other, tensors)];
    return { places, numbers: start.map((number, i) => (places[i]! < 0 ? number : values[places[i]!]!)) };
  };
  const weights = take(layout.weights, fresh.weights, parent.weights);
  const buffers = take(layout.buffers, fresh.buffers, parent.buffers);
  const inherited = weights.places.reduce((count, place) => count + (place < 0 ? 0 : 1), 0);
  const start = { weights: weights.numbers, buffers: buffers.numbers };
  return {
    state: { ...fresh, ...start, average: fresh.average && start },
    share: inherited / layout.weights.size,
  };
}
