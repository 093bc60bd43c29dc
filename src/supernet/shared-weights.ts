/**
 * One set of weights for every network of a space: each reads the part of a tensor that it has, leading channels, first repeats,
 * and the middle of larger kernels.
 *
 * @source Cai et al. 2020, Once-for-All, arXiv:1908.09791, §3.2
 */

import type { Rng } from "../base/index.js";
import { type Parameter, sizeOf } from "../ir/index.js";
import { type Architecture, buildNetwork, initializeParameters } from "../networks/index.js";
import { candidateOf, decode, genesOf, type SearchSpace } from "../search/index.js";
import { type FlatLayout, flatLayout, pack, placesIn, stateLayout } from "../training/index.js";

export type SharedWeights = {
  readonly layout: FlatLayout;
  /** Where each number of the network's own weights lies in the shared ones; the same array for the same network. */
  placesOf(architecture: Architecture): Int32Array;
  initial(rng: Rng): Float32Array;
};

/**
 * The tensors of all candidates, each as large as any has it. Sizes grow with every gene by itself, so the candidates that differ
 * from the largest in one gene show them all: among them are those with another block, which has tensors of its own.
 */
export function sharedWeights(space: SearchSpace): SharedWeights {
  const genes = genesOf(space);
  const last = genes.map(({ options }) => options.length - 1);
  const variations = genes.flatMap(({ options }, gene) => options.map((_, choice) => last.with(gene, choice)));
  const union = new Map<string, Parameter>();
  for (const choices of variations) {
    for (const parameter of trainable(decode(space, candidateOf(space, choices)))) {
      const { name, shape } = parameter.value;
      const known = union.get(name);
      const extents =
        known === undefined ? shape : shape.map((extent, axis) => Math.max(extent, known.value.shape[axis]!));
      // Begins as in the largest network that has it.
      const larger = known === undefined || sizeOf(shape) > sizeOf(known.value.shape) ? parameter : known;
      union.set(name, { ...larger, value: { ...larger.value, shape: extents } });
    }
  }
  const parameters = [...union.values()];
  const layout = flatLayout(parameters);
  const known = new Map<string, Int32Array>();
  return {
    layout,
    placesOf(architecture) {
      const key = JSON.stringify(architecture);
      const places = known.get(key) ?? placesWithin(layout, architecture);
      known.set(key, places);
      return places;
    },
    initial: (rng) =>
      pack(layout, initializeParameters({ inputs: [], parameters, nodes: [], outputs: [] }, rng.fork("weights"))),
  };
}

function placesWithin(shared: FlatLayout, architecture: Architecture): Int32Array {
  const own = stateLayout(architecture).weights;
  const places = placesIn(own, shared);
  const missing = places.indexOf(-1);
  if (missing < 0) return places;
  const slice = own.slices.findLast(({ offset }) => offset <= missing)!;
  throw new Error(`internal: ${slice.name} [${slice.shape.join(", ")}] is not within the shared weights`);
}

const trainable = (architecture: Architecture) =>
  buildNetwork(architecture, { batch: 1, mode: "inference" }).graph.parameters.filter(({ trainable }) => trainable);

export const gather = (shared: Float32Array, places: Int32Array): Float32Array =>
  Float32Array.from(places, (place) => shared[place]!);

/** sum[places] += share · own. */
export function scatterAdd(sum: Float32Array, places: Int32Array, own: Float32Array, share: number): void {
  for (let i = 0; i < places.length; i++) sum[places[i]!]! += share * own[i]!;
}
