/**
 * The controller's network: it decides gene after gene, each decision seeing those before it.
 *
 * One LSTM layer; its input is an embedding of the decision before, its output goes through a softmax of the gene's own. All
 * numbers lie in one vector. A sequence is decided here, in plain TypeScript, as that is a few small products in a row; learning
 * reads the same vector in a graph (`ppo.ts`), and a test holds the two together.
 *
 * @source Zoph et al. 2017, arXiv:1707.07012: one layer, 100 units, weights uniform in ±0.1. Tan et al. 2018,
 *   arXiv:1807.11626, §4.2, searches with the same controller.
 */
import type { Rng } from "../../../base/index.js";

type Tensor = { readonly name: string; readonly shape: readonly [rows: number, columns: number] };
export type PolicyTensor = Tensor & { readonly offset: number; readonly size: number };

export type Policy = {
  /** How many options each decision has. */
  readonly options: readonly number[];
  /** Units of the LSTM, and numbers of an embedding. */
  readonly hidden: number;
  /** Matrices, row-major in one vector, in this order. */
  readonly tensors: readonly PolicyTensor[];
  readonly size: number;
};

/** What a sequence of decisions was, and how likely each was when it was made. */
export type Decisions = { readonly choices: readonly number[]; readonly logProbabilities: readonly number[] };

export const tensorNames = {
  /** `[hidden, 1]`, what the LSTM reads before the first decision. */
  start: "start",
  /** `[hidden, options]`, a column per option. The last decision has none, as nothing follows it. */
  embedding: (decision: number) => `embedding.${decision}`,
  /** `[4 · hidden, 2 · hidden]`: rows of the input, forget, cell and output gates; columns of the input and the last output. */
  weights: "lstm.weights",
  /** `[4 · hidden, 1]`. */
  bias: "lstm.bias",
  /** `[hidden, options]`. */
  softmax: (decision: number) => `softmax.${decision}.weights`,
  /** `[1, options]`. */
  softmaxBias: (decision: number) => `softmax.${decision}.bias`,
} as const;

/** @param options how many each decision has, in the order in which they are made; at least one decision. */
export function policyOf(options: readonly number[], hidden: number): Policy {
  const shapes: Tensor[] = [
    { name: tensorNames.start, shape: [hidden, 1] },
    ...options.slice(0, -1).map((count, i): Tensor => ({ name: tensorNames.embedding(i), shape: [hidden, count] })),
    { name: tensorNames.weights, shape: [4 * hidden, 2 * hidden] },
    { name: tensorNames.bias, shape: [4 * hidden, 1] },
    ...options.flatMap((count, i): Tensor[] => [
      { name: tensorNames.softmax(i), shape: [hidden, count] },
      { name: tensorNames.softmaxBias(i), shape: [1, count] },
    ]),
  ];
  let offset = 0;
  const tensors = shapes.map(({ name, shape }) => {
    const tensor = { name, shape, offset, size: shape[0] * shape[1] };
    offset += tensor.size;
    return tensor;
  });
  return { options, hidden, tensors, size: offset };
}

/** Uniform in ±0.1: every option is about as likely as the others. */
export function initialWeights({ size }: Policy, rng: Rng): Float32Array {
  return new Float32Array(size).map(() => 0.2 * rng.uniform() - 0.1);
}

/** A sequence drawn from the policy. */
export function sample(policy: Policy, weights: Float32Array, rng: Rng): Decisions {
  return decide(policy, weights, (logProbabilities) => draw(logProbabilities, rng));
}

/** How likely the policy is to make these decisions, one after the other. @param choices indices of options. */
export function score(policy: Policy, weights: Float32Array, choices: readonly number[]): Decisions {
  return decide(policy, weights, (_, decision) => choices[decision]!);
}

function decide(
  policy: Policy,
  weights: Float32Array,
  choose: (logProbabilities: Float64Array, decision: number) => number,
): Decisions {
  const { hidden, options } = policy;
  const tensors = new Map(
    policy.tensors.map(({ name, offset, size }) => [name, weights.subarray(offset, offset + size)]),
  );
  const [gates, bias] = [tensors.get(tensorNames.weights)!, tensors.get(tensorNames.bias)!];
  const inputs = new Float64Array(2 * hidden); // the embedding, then the last output
  const output = inputs.subarray(hidden);
  const cell = new Float64Array(hidden);
  inputs.set(tensors.get(tensorNames.start)!);

  const choices: number[] = [];
  const chosen: number[] = [];
  for (const [decision, count] of options.entries()) {
    advance(gates, bias, inputs, cell, output);
    const logits = timesRows(output, tensors.get(tensorNames.softmax(decision))!, count);
    const logProbabilities = logSoftmax(logits.map((x, k) => x + tensors.get(tensorNames.softmaxBias(decision))![k]!));
    const choice = choose(logProbabilities, decision);
    choices.push(choice);
    chosen.push(logProbabilities[choice]!);
    const embedding = tensors.get(tensorNames.embedding(decision));
    if (embedding !== undefined) for (let i = 0; i < hidden; i++) inputs[i] = embedding[i * count + choice]!;
  }
  return { choices, logProbabilities: chosen };
}

/** One step of the LSTM; `cell` and `output`, the second half of `inputs`, take their new numbers. */
function advance(
  weights: Float32Array,
  bias: Float32Array,
  inputs: Float64Array,
  cell: Float64Array,
  output: Float64Array,
): void {
  const hidden = cell.length;
  const width = inputs.length;
  const gate = hidden * width;
  const next = new Float64Array(hidden);
  for (let unit = 0; unit < hidden; unit++) {
    let [enter, keep, news, leave] = [0, 0, 0, 0];
    // Four sums that do not wait for each other: twice as fast as one gate after the other.
    for (let i = 0, place = unit * width; i < width; i++, place++) {
      const x = inputs[i]!;
      enter += weights[place]! * x;
      keep += weights[place + gate]! * x;
      news += weights[place + 2 * gate]! * x;
      leave += weights[place + 3 * gate]! * x;
    }
    const biased = (sum: number, index: number) => sum + bias[index * hidden + unit]!;
    cell[unit] = sigmoid(biased(keep, 1)) * cell[unit]! + sigmoid(biased(enter, 0)) * Math.tanh(biased(news, 2));
    next[unit] = sigmoid(biased(leave, 3)) * Math.tanh(cell[unit]!);
  }
  output.set(next);
}

/** A row vector times a matrix with `columns` columns. */
function timesRows(row: Float64Array, matrix: Float32Array, columns: number): Float64Array {
  const product = new Float64Array(columns);
  row.forEach((x, i) => {
    for (let k = 0; k < columns; k++) product[k]! += x * matrix[i * columns + k]!;
  });
  return product;
}

function logSoftmax(logits: Float64Array): Float64Array {
  const largest = Math.max(...logits);
  const logSum = Math.log(logits.reduce((sum, x) => sum + Math.exp(x - largest), 0));
  return logits.map((x) => x - largest - logSum);
}

function draw(logProbabilities: Float64Array, rng: Rng): number {
  const last = logProbabilities.length - 1;
  let left = rng.uniform();
  for (let choice = 0; choice < last; choice++) {
    left -= Math.exp(logProbabilities[choice]!);
    if (left < 0) return choice;
  }
  return last; // the probabilities may sum to a little less than one
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
