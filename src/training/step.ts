/**
 * The training step as one graph: forward, loss, backward and optimizer. Its outputs are the new weights, moments and
 * batch-norm statistics; a step of training is one run of it.
 */
import { differentiate, withoutUnusedNodes } from "../autodiff/index.js";
import { type Graph, plain, type Value, verify } from "../ir/index.js";
import { type Architecture, buildNetwork, type Network } from "../networks/index.js";
import { createBuilder, type GraphBuilder, inferNode } from "../ops/index.js";
import { concatenate, defineParameters, type FlatLayout, flatLayout } from "./flat.js";
import { biasCorrections, clipped, initialMoments, update } from "./optimizer.js";
import type { Recipe } from "./recipe.js";

/** Names of the graph's inputs and outputs. An output that replaces an input is called `next.` and the input's name. */
export const names = {
  image: "image",
  targets: "targets",
  weights: "weights",
  buffers: "buffers",
  learningRate: "learningRate",
  moment: (i: number) => `moments.${i}`,
  correction: (i: number) => `correction.${i}`,
  next: (name: string) => `next.${name}`,
  loss: "loss",
  logits: "logits",
} as const;

/** How the numbers of a network lie in the two vectors of its state. */
export type StateLayout = { readonly weights: FlatLayout; readonly buffers: FlatLayout };

export function stateLayout(architecture: Architecture): StateLayout {
  const { parameters } = buildNetwork(architecture, { batch: 1, mode: "inference" }).graph;
  return {
    weights: flatLayout(parameters.filter(({ trainable }) => trainable)),
    buffers: flatLayout(parameters.filter(({ trainable }) => !trainable)),
  };
}

/**
 * Inputs: `image` `[N, C, H, W]`, `targets` `[N, K]` (one row sums to one), `weights` `[P]`, `moments.i` `[P]`, `buffers`
 * `[B]`, `learningRate` and `correction.i` `[]`, and the noise masks of the network. Outputs: `loss` `[]`, `logits` `[N, K]` and the next
 * weights, moments and buffers.
 */
export function buildTrainingStep(
  architecture: Architecture,
  recipe: Recipe,
  layout: StateLayout,
): { graph: Graph; noise: Network["noise"] } {
  const network = buildNetwork(architecture, { batch: recipe.batchSize, mode: "train" });
  const g = createBuilder();
  g.adopt(network.graph);
  const targets = g.input(names.targets, plain(...network.logits.shape));
  const weights = g.input(names.weights, plain(layout.weights.size));
  const buffers = g.input(names.buffers, plain(layout.buffers.size));
  const learningRate = g.input(names.learningRate, plain());
  const moments = initialMoments(recipe.optimizer).map((_, i) => g.input(names.moment(i), plain(layout.weights.size)));
  const corrections = biasCorrections(recipe.optimizer, 1).map((_, i) => g.input(names.correction(i), plain()));

  const parameters = network.graph.parameters.filter(({ trainable }) => trainable);
  g.scope("unpack", () => defineParameters(g, layout.weights, parameters, weights));
  g.include(network.graph);
  const loss = g.scope("loss", () => crossEntropy(g, network.logits, targets, recipe.labelSmoothing));

  const { builder, gradients } = differentiate(
    g.build(),
    loss,
    parameters.map(({ value }) => value),
  );
  const byName = new Map(parameters.map(({ value }, i) => [value.name, gradients[i]!]));
  builder.scope("optimizer", () => {
    const gradient = clipped(builder, concatenate(builder, layout.weights, byName), recipe.clipNorm);
    const tensors = { weights, moments, gradient, learningRate, corrections };
    const next = update(builder, recipe.optimizer, layout.weights, recipe.weightDecay, tensors);
    builder.output(next.weights, names.next(names.weights));
    for (const [i, moment] of next.moments.entries()) builder.output(moment, names.next(names.moment(i)));
  });
  builder.scope("statistics", () => {
    const kept = runningStatistics(builder, network, layout.buffers, buffers, architecture.norm.momentum);
    builder.output(kept, names.next(names.buffers));
  });
  builder.output(loss, names.loss);
  builder.output(network.logits, names.logits);

  const graph = withoutUnusedNodes(builder.build());
  verify(graph, inferNode);
  return { graph, noise: network.noise };
}

/** The network as it will be deployed, reading the same two vectors: `image`, `weights`, `buffers` to `logits`. */
export function buildEvaluation(architecture: Architecture, batch: number, layout: StateLayout): Graph {
  const network = buildNetwork(architecture, { batch, mode: "inference" });
  const g = createBuilder();
  g.adopt(network.graph);
  const weights = g.input(names.weights, plain(layout.weights.size));
  const buffers = g.input(names.buffers, plain(layout.buffers.size));
  g.scope("unpack", () => {
    defineParameters(g, layout.weights, network.graph.parameters, weights);
    defineParameters(g, layout.buffers, network.graph.parameters, buffers);
  });
  g.include(network.graph);
  g.output(network.logits, names.logits);
  const graph = withoutUnusedNodes(g.build());
  verify(graph, inferNode);
  return graph;
}

/** Mean over the batch of −Σ target · log softmax(logits), targets smoothed. */
function crossEntropy(g: GraphBuilder, logits: Value, targets: Value, smoothing: number): Value {
  const [batch, classes] = logits.shape as [number, number];
  const smoothed = smoothing === 0 ? targets : g.add(g.mul(targets, 1 - smoothing), smoothing / classes);
  return g.mul(g.sumTo(g.mul(smoothed, g.logSoftmax(logits)), []), -1 / batch);
}

/** running ← m · running + (1 − m) · batch; the variance with Bessel's correction, as TensorFlow and PyTorch keep it. */
function runningStatistics(
  g: GraphBuilder,
  network: Network,
  layout: FlatLayout,
  buffers: Value,
  momentum: number,
): Value {
  const batch = new Map<string, Value>();
  for (const { mean, variance, runningMean, runningVariance, count } of network.statistics) {
    batch.set(runningMean, mean);
    batch.set(runningVariance, g.mul(variance, count / Math.max(count - 1, 1)));
  }
  return g.add(g.mul(buffers, momentum), g.mul(concatenate(g, layout, batch), 1 - momentum));
}
