/**
 * Proximal policy optimization as a graph: how good a batch of sequences turned out, turned into a step of the policy's weights.
 *
 * The loss is the clipped surrogate, with a ratio for each decision, and a bonus for entropy; the optimizer is Adam.
 *
 * @source Schulman et al. 2017, arXiv:1707.06347, eq. 7 and 9, without a value function: the baseline is a moving average.
 *   Kingma and Ba 2015, arXiv:1412.6980, algorithm 1.
 */
import { differentiate, withoutUnusedNodes } from "../../../autodiff/index.js";
import { type Graph, plain, type Value, verify } from "../../../ir/index.js";
import { createBuilder, type GraphBuilder, inferNode } from "../../../ops/index.js";
import { type Policy, tensorNames } from "./policy.js";

/** Names of the graph's inputs and outputs. */
export const names = {
  weights: "weights",
  moments: ["moments.0", "moments.1"],
  stepSize: "stepSize",
  correction: "correction",
  choices: "choices",
  logProbabilities: "logProbabilities",
  oldLogProbabilities: "oldLogProbabilities",
  advantages: "advantages",
  loss: "loss",
  next: (name: string) => `next.${name}`,
} as const;

export type Surrogate = {
  /** ε: what a decision gains by becoming more or less likely ends at 1 ± ε times its old probability. */
  readonly clip: number;
  readonly entropyBonus: number;
};

type Pair = [Value, Value];

/** Decay of the mean and of the mean square; what keeps a division from zero. @source arXiv:1412.6980, §2 */
export const adam = { decays: [0.9, 0.999], epsilon: 1e-8 } as const;

/**
 * The loss of a batch of N sequences of G decisions.
 *
 * Inputs: `weights` `[P]`; `choices` `[Σ N · options]`, per decision a one-hot row for each sequence; `oldLogProbabilities`
 * `[G, N]` of these choices when they were made; `advantages` `[1, N]`. Outputs: `loss` `[]` and `logProbabilities` `[G, N]`.
 */
export function buildLoss(policy: Policy, batch: number, { clip, entropyBonus }: Surrogate): Graph {
  const g = createBuilder();
  const decisions = policy.options.length;
  const weights = g.input(names.weights, plain(policy.size));
  const choices = g.input(names.choices, plain(batch * policy.options.reduce((sum, count) => sum + count, 0)));
  const old = g.input(names.oldLogProbabilities, plain(decisions, batch));
  const advantages = g.input(names.advantages, plain(1, batch));

  const oneHot = g.scope("choices", () =>
    matricesOf(
      g,
      choices,
      policy.options.map((count) => [batch, count]),
    ),
  );
  const all = g.scope("policy", () => unroll(g, policy, weights, oneHot));
  const chosen = g.scope("chosen", () => {
    const each = all.map((logProbabilities, i) => g.sumTo(g.mul(logProbabilities, oneHot[i]!), [batch, 1]));
    return g.reshape(joined(g, each), [decisions, batch]);
  });
  const loss = g.scope("loss", () => {
    const ratio = g.exp(g.sub(chosen, old));
    const gain = minimum(g, g.mul(ratio, advantages), g.mul(clamp(g, ratio, 1 - clip, 1 + clip), advantages));
    const everyOption = joined(g, all);
    const entropy = g.mul(g.sumTo(g.mul(g.exp(everyOption), everyOption), []), -1);
    return g.mul(g.add(g.sumTo(gain, []), g.mul(entropy, entropyBonus)), -1 / (decisions * batch));
  });
  g.output(loss, names.loss);
  g.output(chosen, names.logProbabilities);
  return g.build();
}

/**
 * One step of learning: the inputs and outputs of `buildLoss`; `moments.i` `[P]`, and what `adamStep` gives, `stepSize` and
 * `correction` `[]`; `next.weights` and `next.moments.i`.
 */
export function buildUpdate(policy: Policy, batch: number, surrogate: Surrogate): Graph {
  const forward = buildLoss(policy, batch, surrogate);
  const weights = forward.inputs.find(({ name }) => name === names.weights)!;
  const { builder: g, gradients } = differentiate(forward, forward.outputs[0]!, [weights]);
  const gradient = gradients[0]!;
  g.scope("adam", () => {
    const [mean, meanSquare] = names.moments.map((name) => g.input(name, plain(policy.size))) as Pair;
    const [stepSize, correction] = [names.stepSize, names.correction].map((name) => g.input(name, plain())) as Pair;
    const nextMean = average(g, mean, gradient, adam.decays[0]);
    const nextMeanSquare = average(g, meanSquare, g.mul(gradient, gradient), adam.decays[1]);
    const direction = g.div(nextMean, g.add(g.sqrt(g.mul(nextMeanSquare, correction)), adam.epsilon));
    g.output(g.sub(weights, g.mul(direction, stepSize)), names.next(names.weights));
    g.output(nextMean, names.next(names.moments[0]));
    g.output(nextMeanSquare, names.next(names.moments[1]));
  });
  const graph = withoutUnusedNodes(g.build());
  verify(graph, inferNode);
  return graph;
}

/** What a step feeds beside its batch: the averages begin at zero, and are the more corrected the fewer steps there were. @param step from 1 */
export function adamStep(learningRate: number, step: number): { stepSize: number; correction: number } {
  const [mean, meanSquare] = adam.decays;
  return { stepSize: learningRate / (1 - mean ** step), correction: 1 / (1 - meanSquare ** step) };
}

/** `[N, options]` per decision: log-probabilities of its options, given the choices before it. */
function unroll(g: GraphBuilder, policy: Policy, weights: Value, oneHot: readonly Value[]): Value[] {
  const { hidden, options, tensors } = policy;
  const batch = oneHot[0]!.shape[0]!;
  const matrices = matricesOf(
    g,
    weights,
    tensors.map(({ shape }) => shape),
  );
  const tensor = (name: string) => matrices[tensors.findIndex((each) => each.name === name)]!;
  const zeros = g.broadcastTo(g.reshape(g.constant(0), [1, 1]), [hidden, batch]);

  // A column per sequence: the four gates are then consecutive rows.
  let input = g.broadcastTo(tensor(tensorNames.start), [hidden, batch]);
  let state = { output: zeros, cell: zeros };
  return options.map((_, decision) =>
    g.scope(`${decision}`, () => {
      if (decision > 0)
        input = g.matmul(tensor(tensorNames.embedding(decision - 1)), oneHot[decision - 1]!, { transposeB: true });
      state = lstm(g, tensor(tensorNames.weights), tensor(tensorNames.bias), input, state);
      const logits = g.matmul(state.output, tensor(tensorNames.softmax(decision)), { transposeA: true });
      return g.logSoftmax(g.add(logits, tensor(tensorNames.softmaxBias(decision))));
    }),
  );
}

/** One step for a batch. @source Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000 */
function lstm(
  g: GraphBuilder,
  weights: Value,
  bias: Value,
  input: Value,
  state: { output: Value; cell: Value },
): { output: Value; cell: Value } {
  const [hidden, batch] = input.shape as [number, number];
  const both = g.reshape(joined(g, [input, state.output]), [2 * hidden, batch]);
  const gates = g.add(g.matmul(weights, both), bias);
  const [enter, keep, news, leave] = matricesOf(g, joined(g, [gates]), Array(4).fill(input.shape)) as [
    Value,
    Value,
    Value,
    Value,
  ];
  const cell = g.add(g.mul(g.sigmoid(keep), state.cell), g.mul(g.sigmoid(enter), tanh(g, news)));
  return { cell, output: g.mul(g.sigmoid(leave), tanh(g, cell)) };
}

/** Consecutive pieces of a vector as matrices. */
function matricesOf(g: GraphBuilder, vector: Value, shapes: readonly (readonly number[])[]): Value[] {
  const pieces = g.split(
    vector,
    shapes.map(([rows, columns]) => rows! * columns!),
  );
  return pieces.map((piece, i) => g.reshape(piece, shapes[i]!));
}

/** Matrices end to end in one vector. */
function joined(g: GraphBuilder, matrices: readonly Value[]): Value {
  return g.concat(matrices.map((matrix) => g.reshape(matrix, [matrix.shape[0]! * matrix.shape[1]!])));
}

const tanh = (g: GraphBuilder, x: Value) => g.sub(g.mul(g.sigmoid(g.mul(x, 2)), 2), 1);
const minimum = (g: GraphBuilder, a: Value, b: Value) => g.where(g.lessEqual(a, b), a, b);
const clamp = (g: GraphBuilder, x: Value, low: number, high: number) =>
  g.where(g.lessEqual(x, low), low, g.where(g.lessEqual(high, x), high, x));
const average = (g: GraphBuilder, old: Value, news: Value, decay: number) =>
  g.add(g.mul(old, decay), g.mul(news, 1 - decay));
