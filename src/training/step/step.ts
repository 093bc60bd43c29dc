/**
 * The training step as one graph: forward, loss, backward and optimizer. Its outputs are the new weights, moments and
 * batch-norm statistics; a step of training is one run of it.
 */
import { differentiate, withoutUnusedNodes } from "../../autodiff/index.js";
import { type Graph, plain, type Value, verify } from "../../ir/index.js";
import { type Architecture, buildNetwork, buildTuned, type Network, type Tuning } from "../../networks/index.js";
import { createBuilder, type GraphBuilder, inferNode } from "../../ops/index.js";
import type { Recipe } from "../recipe/recipe.js";
import { partSize } from "./accumulation.js";
import { type Distillation, distilled, teacherGraph } from "./distillation.js";
import { concatenate, defineParameters, type FlatLayout } from "./flat.js";
import { withJoinedGates, withPointwiseNorms } from "./fuse.js";
import { names, type StateLayout } from "./state-layout.js";
import { applyUpdate, hasStatistics, openUpdate } from "./update.js";

/** Where only a part of the network moves, and what it learns from beside the labels. */
export type StepOptions = { readonly tuning?: Tuning | undefined; readonly distillation?: Distillation | undefined };

/**
 * Inputs: `image` `[N, C, H, W]`, `targets` `[N, K]` (one row sums to one), `weights` `[P]`, `moments.i` `[P]`, `buffers`
 * `[B]`, `learningRate`, `statisticsMomentum` and `correction.i` `[]`, the noise masks of the network, and where the recipe has
 * averages those and `averageDecay` `[]`. Outputs: `loss` `[]`, `logits` `[N, K]`, `finite` `[]`, which is a finite number where all next
 * weights are, and the next weights, moments, buffers and averages.
 *
 * Where the recipe takes a batch in parts, of one part. Inputs: the batch's, `weights`, and what the parts before it came to: `gradient`
 * `[P]` and, where any move, `statistics` `[B]`. Outputs: `loss`, `logits` and the next of these two; `buildUpdate` has the rest.
 *
 * @returns also the noise masks, with the shapes for a whole batch.
 */
export function buildTrainingStep(
  architecture: Architecture,
  recipe: Recipe,
  layout: StateLayout,
  { tuning, distillation }: StepOptions = {},
): { graph: Graph; noise: Network["noise"] } {
  const parts = recipe.accumulate;
  const network = networkOf(architecture, { batch: partSize(recipe), mode: "train" }, tuning);
  const teacher = distillation && teacherGraph(network, architecture, distillation);
  const g = openGraph(network, layout, teacher?.graph);
  const open = openStep(g, network, layout);
  const { weights } = open;
  const inputs = parts === 1 ? openUpdate(g, recipe, layout) : openSums(g, layout);
  const lossOf: LossOf = (targets) => {
    const own = crossEntropy(g, network.logits, targets, recipe.labelSmoothing);
    return teacher === undefined ? own : distilled(g, own, network.logits, teacher.logits, distillation!);
  };
  const { builder, loss, gradient } = lossAndGradient(g, network, open, layout, lossOf);
  const statistics = hasStatistics(layout) ? () => batchStatistics(builder, network, layout.buffers) : null;
  if ("sums" in inputs) addTo(inputs.sums, builder, parts, { gradient, statistics });
  else applyUpdate(builder, recipe, layout, inputs, { weights, gradient, statistics });
  builder.output(loss, names.loss);
  builder.output(network.logits, names.logits);

  const noise = network.noise.map((mask) => {
    const [images, ...rest] = mask.shape as [number, ...number[]];
    return { ...mask, shape: [images * parts, ...rest] };
  });
  return { graph: checked(builder), noise };
}

type Sums = { readonly gradient: Value; readonly statistics: Value | null };

const openSums = (g: GraphBuilder, layout: StateLayout): { readonly sums: Sums } => ({
  sums: {
    gradient: g.input(names.gradient, plain(layout.weights.size)),
    statistics: hasStatistics(layout) ? g.input(names.statistics, plain(layout.buffers.size)) : null,
  },
});

/** Adds a part's share of the means. */
function addTo(
  sums: Sums,
  g: GraphBuilder,
  parts: number,
  own: { readonly gradient: () => Value; readonly statistics: (() => Value) | null },
): void {
  g.scope("accumulate", () => {
    g.output(g.add(sums.gradient, g.mul(own.gradient(), 1 / parts)), names.next(names.gradient));
    if (own.statistics !== null)
      g.output(g.add(sums.statistics!, g.mul(own.statistics(), 1 / parts)), names.next(names.statistics));
  });
}

type OpenStep = { readonly targets: Value; readonly weights: Value };

function networkOf(
  architecture: Architecture,
  options: { readonly batch: number; readonly mode: "train" | "inference" },
  tuning: Tuning | undefined,
): Network {
  return tuning === undefined ? buildNetwork(architecture, options) : buildTuned(architecture, options, tuning);
}

/** Of the networks only the inputs yet, and as parameters what does not move. */
function openGraph(network: Network, layout: StateLayout, teacher?: Graph): GraphBuilder {
  const moving = new Set([...layout.weights.slices, ...layout.buffers.slices].map(({ name }) => name));
  const frozen = network.graph.parameters.filter(({ value }) => !moving.has(value.name));
  const parameters = [...frozen, ...(teacher?.parameters ?? [])];
  const g = createBuilder({ inputs: [], parameters, nodes: [], outputs: [] });
  g.adopt(network.graph);
  if (teacher !== undefined) {
    g.adopt(teacher);
    g.include(teacher);
  }
  return g;
}

/** The inputs that every graph with gradients has. */
function openStep(g: GraphBuilder, network: Network, layout: StateLayout): OpenStep {
  const targets = g.input(names.targets, plain(...network.logits.shape));
  const weights = g.input(names.weights, plain(layout.weights.size));
  return { targets, weights };
}

type LossOf = (targets: Value) => Value;

/** Forward, loss and backward. `gradient` joins all gradients into one vector, in the layout's order. */
function lossAndGradient(
  g: GraphBuilder,
  network: Network,
  { targets, weights }: OpenStep,
  layout: StateLayout,
  lossOf: LossOf,
): { builder: GraphBuilder; loss: Value; gradient: () => Value } {
  const trained = new Set(layout.weights.slices.map(({ name }) => name));
  const parameters = network.graph.parameters.filter(({ value }) => trained.has(value.name));
  g.scope("unpack", () => defineParameters(g, layout.weights, parameters, weights));
  g.include(withPointwiseNorms(network.graph));
  const loss = g.scope("loss", () => lossOf(targets));
  const { builder, gradients } = differentiate(
    g.build(),
    loss,
    parameters.map(({ value }) => value),
  );
  const byName = new Map(parameters.map(({ value }, i) => [value.name, gradients[i]!]));
  return { builder, loss, gradient: () => concatenate(builder, layout.weights, byName) };
}

function checked(builder: GraphBuilder): Graph {
  const graph = withJoinedGates(withoutUnusedNodes(builder.build()));
  verify(graph, inferNode);
  return graph;
}

/**
 * A step without an optimizer, for weights that several networks share. Inputs: `image`, `targets`, `weights`. Outputs: `loss`,
 * `logits` and `gradient` `[P]`, of the mean over the batch.
 */
export function buildGradientStep(architecture: Architecture, batch: number, layout: StateLayout): Graph {
  const network = buildNetwork(architecture, { batch, mode: "train" });
  if (network.noise.length > 0) throw new Error("internal: noise is for whole training steps");
  const g = openGraph(network, layout);
  const open = openStep(g, network, layout);
  const lossOf: LossOf = (targets) => crossEntropy(g, network.logits, targets, 0);
  const { builder, loss, gradient } = lossAndGradient(g, network, open, layout, lossOf);
  builder.output(builder.scope("gradient", gradient), names.gradient);
  builder.output(loss, names.loss);
  builder.output(network.logits, names.logits);
  return checked(builder);
}

/**
 * The batch's own statistics where running ones would stand, variances with Bessel's correction. Inputs: `image`, `weights`.
 * Output: `buffers` `[B]`.
 */
export function buildStatistics(architecture: Architecture, batch: number, layout: StateLayout): Graph {
  const network = buildNetwork(architecture, { batch, mode: "train" });
  if (network.noise.length > 0) throw new Error("internal: noise is for whole training steps");
  const g = createBuilder();
  g.adopt(network.graph);
  const weights = g.input(names.weights, plain(layout.weights.size));
  const parameters = network.graph.parameters.filter(({ trainable }) => trainable);
  g.scope("unpack", () => defineParameters(g, layout.weights, parameters, weights));
  g.include(network.graph);
  g.output(
    g.scope("statistics", () => batchStatistics(g, network, layout.buffers)),
    names.buffers,
  );
  return checked(g);
}

/** The network as it will be deployed, reading the same two vectors: `image`, `weights`, `buffers` to `logits`. */
export function buildEvaluation(
  architecture: Architecture,
  batch: number,
  layout: StateLayout,
  tuning?: Tuning,
): Graph {
  const network = networkOf(architecture, { batch, mode: "inference" }, tuning);
  const g = openGraph(network, layout);
  const weights = g.input(names.weights, plain(layout.weights.size));
  const buffers = g.input(names.buffers, plain(layout.buffers.size));
  g.scope("unpack", () => {
    defineParameters(g, layout.weights, network.graph.parameters, weights);
    defineParameters(g, layout.buffers, network.graph.parameters, buffers);
  });
  g.include(network.graph);
  g.output(network.logits, names.logits);
  return checked(g);
}

/** Mean over the batch of −Σ target · log softmax(logits), targets smoothed. */
function crossEntropy(g: GraphBuilder, logits: Value, targets: Value, smoothing: number): Value {
  const [batch, classes] = logits.shape as [number, number];
  const smoothed = smoothing === 0 ? targets : g.add(g.mul(targets, 1 - smoothing), smoothing / classes);
  return g.mul(g.sumTo(g.mul(smoothed, g.logSoftmax(logits)), []), -1 / batch);
}

/** The variance with Bessel's correction, as TensorFlow and PyTorch keep it. */
function batchStatistics(g: GraphBuilder, network: Network, layout: FlatLayout): Value {
  const batch = new Map<string, Value>();
  for (const { mean, variance, runningMean, runningVariance, count } of network.statistics) {
    batch.set(runningMean, mean);
    batch.set(runningVariance, g.mul(variance, count / Math.max(count - 1, 1)));
  }
  return concatenate(g, layout, batch);
}
