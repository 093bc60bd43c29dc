/** The second half of a step as graph: optimizer, running statistics and averages, from a gradient and a batch's statistics. */
import { type Graph, plain, type Value, verify } from "../../ir/index.js";
import { createBuilder, type GraphBuilder, inferNode } from "../../ops/index.js";
import type { Recipe } from "../recipe/recipe.js";
import { biasCorrections, clipped, initialMoments, update } from "./optimizer.js";
import { names, type StateLayout } from "./state-layout.js";

/** The inputs that an update has, beside `weights`. */
export type UpdateInputs = {
  readonly buffers: Value;
  readonly learningRate: Value;
  readonly moments: readonly Value[];
  readonly corrections: readonly Value[];
  readonly momentum: Value;
  readonly averages: { readonly weights: Value; readonly buffers: Value; readonly decay: Value } | null;
};

export function openUpdate(g: GraphBuilder, { optimizer, ema }: Recipe, layout: StateLayout): UpdateInputs {
  return {
    buffers: g.input(names.buffers, plain(layout.buffers.size)),
    learningRate: g.input(names.learningRate, plain()),
    moments: initialMoments(optimizer).map((_, i) => g.input(names.moment(i), plain(layout.weights.size))),
    corrections: biasCorrections(optimizer, 1).map((_, i) => g.input(names.correction(i), plain())),
    momentum: g.input(names.statisticsMomentum, plain()),
    averages: ema === null ? null : openAverages(g, layout),
  };
}

/**
 * Outputs the next weights, moments, buffers and averages, and `finite`.
 *
 * @param given.gradient `[P]`, of the mean over all images of the update. @param given.statistics `[B]`; null where they stay as they are.
 */
export function applyUpdate(
  g: GraphBuilder,
  recipe: Recipe,
  layout: StateLayout,
  { buffers, averages, momentum, learningRate, moments, corrections }: UpdateInputs,
  given: { readonly weights: Value; readonly gradient: () => Value; readonly statistics: (() => Value) | null },
): void {
  const { weights } = given;
  const nextWeights = g.scope("optimizer", () => {
    const gradient = clipped(g, given.gradient(), recipe.clipNorm);
    const tensors = { weights, moments, gradient, learningRate, corrections };
    const next = update(g, recipe.optimizer, layout.weights, recipe.weightDecay, tensors);
    for (const [i, moment] of next.moments.entries()) g.output(moment, names.next(names.moment(i)));
    return next.weights;
  });
  const nextBuffers = g.scope("statistics", () =>
    given.statistics === null ? buffers : blend(g, buffers, given.statistics(), momentum),
  );
  g.output(
    g.scope("finite", () => finiteIfAllAre(g, nextWeights)),
    names.finite,
  );
  g.output(nextWeights, names.next(names.weights));
  g.output(nextBuffers, names.next(names.buffers));
  if (averages === null) return;
  g.scope("average", () => {
    g.output(blend(g, averages.weights, nextWeights, averages.decay), names.next(names.average(names.weights)));
    g.output(blend(g, averages.buffers, nextBuffers, averages.decay), names.next(names.average(names.buffers)));
  });
}

/** An update alone, with the inputs `gradient` `[P]` and, where any move, `statistics` `[B]`. */
export function buildUpdate(recipe: Recipe, layout: StateLayout): Graph {
  const g = createBuilder();
  const weights = g.input(names.weights, plain(layout.weights.size));
  const inputs = openUpdate(g, recipe, layout);
  const gradient = g.input(names.gradient, plain(layout.weights.size));
  const statistics = hasStatistics(layout) ? g.input(names.statistics, plain(layout.buffers.size)) : null;
  applyUpdate(g, recipe, layout, inputs, {
    weights,
    gradient: () => gradient,
    statistics: statistics && (() => statistics),
  });
  const graph = g.build();
  verify(graph, inferNode);
  return graph;
}

/** Whether any batch norm's running statistics move. */
export const hasStatistics = ({ buffers }: StateLayout): boolean => buffers.slices.length > 0;

function openAverages(g: GraphBuilder, layout: StateLayout) {
  return {
    weights: g.input(names.average(names.weights), plain(layout.weights.size)),
    buffers: g.input(names.average(names.buffers), plain(layout.buffers.size)),
    decay: g.input(names.averageDecay, plain()),
  };
}

/** Their sum, made so small that finite ones cannot leave the numbers: they need not be looked at one by one where they lie. */
const finiteIfAllAre = (g: GraphBuilder, values: Value): Value => g.sumTo(g.mul(values, 1e-10), []);

/** share · old + (1 − share) · fresh. */
const blend = (g: GraphBuilder, old: Value, fresh: Value, share: Value): Value =>
  g.add(g.mul(old, share), g.mul(fresh, g.sub(1, share)));
