/** The policy's weights and how they learn: the update graph on an engine, and the state that goes through it. */
import { DivergenceError } from "../../../base/index.js";
import { lower } from "../../../onnx/index.js";
import type { Engine } from "../../../runtime/index.js";
import type { Decisions, Policy } from "./policy.js";
import { adamStep, buildUpdate, names, type Surrogate } from "./ppo.js";

/** A sequence, how likely each decision was when it was made, and by how much its reward exceeded what was expected. */
export type Experience = Decisions & { readonly advantage: number };

export type LearnerOptions = Surrogate & {
  /** Sequences per update. */
  readonly batch: number;
  /** Steps of the optimizer per update, each over the whole batch. */
  readonly epochs: number;
  readonly learningRate: number;
};

export interface Learner {
  readonly weights: Float32Array;
  /** @param experiences a batch. @throws {DivergenceError} when the loss is not finite. */
  update(experiences: readonly Experience[]): Promise<void>;
  dispose(): Promise<void>;
}

/** @param initial weights to begin with. @throws {EngineError} when the engine refuses the graph. */
export async function createLearner(
  engine: Engine,
  policy: Policy,
  initial: Float32Array,
  options: LearnerOptions,
): Promise<Learner> {
  const graph = buildUpdate(policy, options.batch, options);
  const session = await engine.load(lower(graph, { name: "controller", layout: "image-major" }));
  const state = new Map<string, Float32Array>([
    [names.weights, initial],
    ...names.moments.map((name) => [name, new Float32Array(policy.size)] as const),
  ]);
  let step = 0;

  const run = async (batch: ReadonlyMap<string, Float32Array>) => {
    const scalars = Object.entries(adamStep(options.learningRate, ++step));
    const values = new Map([...state, ...batch, ...scalars.map(([name, x]) => [name, Float32Array.of(x)] as const)]);
    const feeds = graph.inputs.map(({ name, shape }) => [name, { data: values.get(name)!, dims: shape }]);
    const outputs = await session.run(Object.fromEntries(feeds));
    const loss = outputs[names.loss]!.data[0]!;
    if (!Number.isFinite(loss)) throw diverged(step, loss, options.learningRate);
    for (const name of state.keys()) state.set(name, outputs[names.next(name)]!.data as Float32Array);
  };

  return {
    get weights() {
      return state.get(names.weights)!;
    },
    async update(experiences) {
      const batch = feedsOf(policy, experiences);
      for (let epoch = 0; epoch < options.epochs; epoch++) await run(batch);
    },
    dispose: () => session.dispose(),
  };
}

/** What the loss reads of a batch, as `buildLoss` says. */
export function feedsOf({ options }: Policy, experiences: readonly Experience[]): Map<string, Float32Array> {
  const oneHot = options.flatMap((count, decision) =>
    experiences.flatMap(({ choices }) => Array.from({ length: count }, (_, k) => (k === choices[decision] ? 1 : 0))),
  );
  const old = options.flatMap((_, decision) => experiences.map(({ logProbabilities }) => logProbabilities[decision]!));
  return new Map([
    [names.choices, Float32Array.from(oneHot)],
    [names.oldLogProbabilities, Float32Array.from(old)],
    [names.advantages, Float32Array.from(experiences, ({ advantage }) => advantage)],
  ]);
}

const diverged = (step: number, loss: number, learningRate: number) =>
  new DivergenceError({
    at: `controller, step ${step}`,
    expected: "a finite loss",
    received: String(loss),
    hint: `lower the learning rate (now ${learningRate}), or look for a reward that is not a finite number`,
  });
