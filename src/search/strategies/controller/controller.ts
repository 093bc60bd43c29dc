/**
 * A controller that learns to propose: a recurrent policy decides gene after gene, and what its proposals came to teaches it by
 * proximal policy optimization.
 *
 * What it decides may break a limit. It is then made cheaper, as for every strategy, and the policy learns from the decisions
 * that were proposed in the end: it finds out itself where the limits are, as only what keeps them is ever rewarded. How likely
 * those decisions were is asked of the policy, for the ratio that is clipped. With many repairs the batch is no longer quite
 * the policy's own; the clip keeps the steps small all the same.
 *
 * A candidate may be proposed again. That is how the policy is confirmed, and nothing is trained for it.
 *
 * @source Zoph et al. 2017, arXiv:1707.07012: the policy, entropy bonus, baseline and learning rate. Tan et al. 2018,
 *   arXiv:1807.11626, §4.2: sample, evaluate, update. Schulman et al. 2017, arXiv:1707.06347: the loss and its clip.
 */
import type { Rng } from "../../../base/index.js";
import type { Engine } from "../../../runtime/index.js";
import { makeFeasible } from "../../feasible.js";
import { type Candidate, candidateOf, choicesOf, genesOf, type SearchSpace } from "../../space.js";
import type { SearchContext, Strategy } from "../../strategy.js";
import { createLearner, type Experience, type LearnerOptions } from "./learner.js";
import { initialWeights, type Policy, policyOf, sample, score } from "./policy.js";

export type ControllerOptions = LearnerOptions & {
  /** Units of the LSTM. */
  readonly hidden: number;
  /** Share of the old value in the moving average of rewards, from trial to trial. */
  readonly baselineDecay: number;
  /** After as many proposals in a row that were made before, the policy counts as settled and the search ends. */
  readonly patience: number;
};

/**
 * NASNet's policy, entropy bonus and baseline, PPO's clip; batch and epochs are ours. So is the learning rate: the published 3.5e-4
 * is meant for thousands of trials, and leaves a policy nearly as it was after fifty. A higher one settles sooner, and on less:
 * with some hundred trials to spend, 1e-3 finds more.
 */
const defaultControllerOptions: ControllerOptions = {
  hidden: 100,
  batch: 8,
  epochs: 4,
  learningRate: 2e-3,
  clip: 0.2,
  entropyBonus: 1e-5,
  baselineDecay: 0.95,
  patience: 64,
};

/**
 * Ends when every candidate of the space was proposed, or nothing new for `patience` proposals.
 *
 * @param engine runs the updates. Another engine or number of threads rounds differently, which may lead to other proposals.
 * @throws {InfeasibleError} from the search, when no candidate keeps the budget. @throws {DivergenceError} when learning left
 *   the finite numbers.
 */
export function controller({ engine, ...options }: { readonly engine: Engine } & Partial<ControllerOptions>): Strategy {
  return {
    name: "controller",
    search: (context) => search(context, engine, { ...defaultControllerOptions, ...options }),
  };
}

async function* search(
  { gate, objective, rng }: SearchContext,
  engine: Engine,
  options: ControllerOptions,
): ReturnType<Strategy["search"]> {
  const genome = genomeOf(gate.space);
  /** A proposal that keeps the budget, and its decisions as the policy would make them. */
  const propose = (policy: Policy, weights: Float32Array, draw: Rng) => {
    const sampled = sample(policy, weights, draw.fork("decisions"));
    const { candidate } = makeFeasible(gate, genome.candidate(sampled.choices), draw.fork("repair"));
    const choices = genome.choices(candidate);
    const isRepaired = choices.some((choice, i) => choice !== sampled.choices[i]);
    return { candidate, decisions: isRepaired ? score(policy, weights, choices) : sampled };
  };
  if (genome.options.length === 0) {
    yield { candidate: makeFeasible(gate, genome.candidate([]), rng).candidate, parent: null };
    return;
  }

  const policy = policyOf(genome.options, options.hidden);
  const learner = await createLearner(engine, policy, initialWeights(policy, rng.fork("weights")), options);
  const progress = createProgress(genome.options, options.patience);
  let baseline: number | null = null;
  try {
    for (let id = 0; ; ) {
      const experiences: Experience[] = [];
      while (experiences.length < options.batch) {
        if (progress.ended()) return;
        const { candidate, decisions } = propose(policy, learner.weights, rng.fork(`trial ${id++}`));
        progress.note(decisions.choices);
        const trial = yield { candidate, parent: null };
        const reward = objective.reward(trial);
        baseline ??= reward;
        experiences.push({ ...decisions, advantage: reward - baseline });
        baseline += (1 - options.baselineDecay) * (reward - baseline);
      }
      await learner.update(experiences);
    }
  } finally {
    await learner.dispose();
  }
}

/** The genes that have a choice, as the decisions of a sequence. */
function genomeOf(space: SearchSpace) {
  const genes = genesOf(space);
  const free = genes.flatMap(({ options }, i) => (options.length > 1 ? [i] : []));
  return {
    options: free.map((i) => genes[i]!.options.length),
    candidate: (choices: readonly number[]): Candidate =>
      candidateOf(
        space,
        genes.map((_, i) => choices[free.indexOf(i)] ?? 0),
      ),
    choices: (candidate: Candidate): readonly number[] => {
      const all = choicesOf(space, candidate);
      return free.map((i) => all[i]!);
    },
  };
}

/** Tells when there is nothing more to find: all was proposed, or nothing new for long. */
function createProgress(options: readonly number[], patience: number) {
  const points = options.reduce((product, count) => product * count, 1);
  const seen = new Set<string>();
  let repeats = 0;
  return {
    note(choices: readonly number[]): void {
      const before = seen.size;
      seen.add(choices.join(" "));
      repeats = seen.size > before ? 0 : repeats + 1;
    },
    ended: () => seen.size === points || repeats === patience,
  };
}
