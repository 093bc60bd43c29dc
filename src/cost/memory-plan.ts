/**
 * Where the activations of a graph lie in one arena, and how large it must be.
 *
 * Element-wise nodes, batch norm at inference and activations write over an input of the same size that nothing reads later,
 * so a convolution with its norm (or bias) and activation makes one buffer, and a residual sum needs none of its own.
 * Reshapes are views. Weights are not counted, nor is scratch space inside a kernel, except where a kernel that works in
 * place needs it; runtimes add their own alignment. What they count beside is in `conventions.ts`.
 */
import { largest } from "../base/index.js";
import type { Graph, Node } from "../ir/index.js";
import { aliveAt, type Lifetime, lifetimesOf, type Span } from "./lifetimes.js";
import { scheduleFor } from "./node-order.js";
import { placeBuffers } from "./placement.js";
import { channelScratch, elementWise, floatBytes, type MemoryRules, type NumberFormat, storageOf } from "./storage.js";

export type MemoryOptions = {
  readonly format: NumberFormat;
  /** `given`: the nodes run as they stand in the graph. `lowest`: in an order found to need the least. By default `given`. */
  readonly order?: "given" | "lowest";
  /**
   * Depthwise convolutions write over their input, channel by channel, with one channel of scratch: what MCUNet's engine
   * does. By default false: few others do, and a kernel must be written for it.
   */
  readonly inPlaceDepthwise?: boolean;
};

export type MemoryBuffer = Span & {
  /** Of the value written first. */
  readonly name: string;
  /** Ids of the values that it holds, in the order in which they are written over each other. None in scratch space. */
  readonly values: readonly number[];
  /** Bytes from the start of the arena. */
  readonly offset: number;
  // `first` and `last` are steps of the plan. Inputs are there from 0; outputs stay to the end, the number of nodes.
};

export type MemoryPlan = {
  readonly format: NumberFormat;
  /**
   * Which order of the nodes the plan is for. `given`: the graph's own. `lowest`: one of those with the lowest `lowerBound`
   * there is. `greedy`: the best that was seen before the search for the lowest reached its limit.
   */
  readonly order: "given" | "lowest" | "greedy";
  /** In that order. */
  readonly nodes: readonly Node[];
  /** Size of the arena. */
  readonly peakBytes: number;
  /** The most bytes that live at once: in this order, no arena can be smaller. */
  readonly lowerBound: number;
  /** The first step at which so many live. */
  readonly peakStep: number;
  /** In the order in which they are first written; a smaller one that takes over an address follows the larger. */
  readonly buffers: readonly MemoryBuffer[];
};

/** The planner's own conventions. Buffers take whole numbers of the format, so that each lies where it can be read. */
export function defaultRules({ format, inPlaceDepthwise = false }: Omit<MemoryOptions, "order">): MemoryRules {
  return {
    format,
    inPlace: elementWise,
    inPlaceDepthwise,
    alignment: floatBytes[format],
    scratch: channelScratch(format),
  };
}

/** Plans the activations of a graph. */
export function planMemory(graph: Graph, { order = "given", ...options }: MemoryOptions): MemoryPlan {
  return planByRules(graph, defaultRules(options), order);
}

/** The same under the conventions of another implementation. */
export function planByRules(graph: Graph, rules: MemoryRules, order: "given" | "lowest"): MemoryPlan {
  if (order === "given") return plan(graph, rules, "given");
  const schedule = scheduleFor(graph, rules);
  return plan(schedule.graph, rules, schedule.order);
}

/**
 * The nodes of a graph in an order in which the least memory lives at once; see `node-order.ts`. Where the graph's own order is
 * one, it is kept.
 */
export function scheduleForMemory(graph: Graph, options: Omit<MemoryOptions, "order"> & { readonly limit?: number }) {
  return scheduleFor(graph, defaultRules(options), options.limit);
}

function plan(graph: Graph, rules: MemoryRules, order: MemoryPlan["order"]): MemoryPlan {
  const { nodes } = graph;
  const lifetimes = lifetimesOf(storageOf(graph, rules), [...nodes.keys()]);
  return { format: rules.format, order, nodes, ...layOut(lifetimes, nodes.length) };
}

/** Addresses for buffers whose lifetimes are known. */
export function layOut(
  lifetimes: readonly Lifetime[],
  steps: number,
): Pick<MemoryPlan, "peakBytes" | "lowerBound" | "peakStep" | "buffers"> {
  const alive = aliveAt(
    lifetimes.flatMap(({ stretches }) => stretches),
    steps,
  );
  const lowerBound = largest(alive);
  const { offsets, peakBytes } = placeBuffers(lifetimes, lowerBound);
  const buffers = lifetimes.flatMap((lifetime) =>
    lifetime.stretches.map((stretch) => ({ name: lifetime.name, offset: offsets.get(lifetime)!, ...stretch })),
  );
  return { peakBytes, lowerBound, peakStep: alive.indexOf(lowerBound), buffers };
}
