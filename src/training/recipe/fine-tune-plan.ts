/** How a pretrained network is fine-tuned, as data: phases, of which each trains more of it than the one before. */
import { UsageError } from "../../base/index.js";
import { parseTrainedPart, type TrainedPart } from "../../networks/index.js";
import type { Recipe } from "./recipe.js";

export type Phase = {
  readonly part: TrainedPart;
  readonly epochs: number;
  /** The top of its learning rate, as a share of the recipe's. */
  readonly learningRate: number;
};

export type FineTunePlan = readonly Phase[];

/** Whether batch norm still does its work in what is trained, or was folded into the weights and stays so. */
export type Norms = "live" | "folded";

/**
 * A new classifier may move fast; what was learned before should not be shaken. Where batch norm was folded into the weights, they have a
 * tenth of the rate: nothing stands between a step and the layers after it. Measured on Fashion-MNIST, 60 images of a class, for live
 * norms, and on 221 photos of nine classes for folded ones.
 */
function shareOf(part: TrainedPart, norms: Norms): number {
  if (part === "classifier") return 1;
  if (norms === "folded") return part === "all" ? 0.01 : 0.03;
  return part === "all" ? 0.1 : part.startsWith("last-") ? 0.3 : 1;
}

/** Epochs of the default plan are shared out in these parts. */
const defaultParts: readonly TrainedPart[] = ["classifier", "last-2", "all"];

/** Folded where statistics are those of no data, one variance for all channels; batch statistics bring norms to life. */
export function normsOf(tensors: ReadonlyMap<string, Float32Array>, batchNorm: "batch" | "frozen"): Norms {
  const variances = [...tensors].filter(([name]) => name.endsWith(".norm.variance"));
  const isFolded = variances.length > 0 && variances.every(([, numbers]) => numbers.every((v) => v === numbers[0]));
  return isFolded && batchNorm === "frozen" ? "folded" : "live";
}

/** The new classifier alone; then also the last two stages; then everything: each for a third of the epochs. */
export const defaultPlan = (epochs: number, norms: Norms): FineTunePlan => planFor(defaultParts, epochs, norms);

/** Phases of equal length; what is left over goes to the first ones. */
function planFor(parts: readonly TrainedPart[], epochs: number, norms: Norms): FineTunePlan {
  return parts
    .map((part, i) => ({
      part,
      epochs: Math.ceil((epochs - i) / parts.length),
      learningRate: shareOf(part, norms),
    }))
    .filter((phase) => phase.epochs > 0);
}

/**
 * Phases out of a word: `PART[:EPOCHS[:SHARE]]`, with commas between.
 *
 * @param length.total epochs of all phases together, where the word says none.
 * @example parsePlan("classifier:10,last-2:5:0.1,all:5:0.05", "--unfreeze", { total: 20, given: false, norms: "live" })
 * @throws {UsageError} for other words, and where epochs are said twice or for some phases only.
 */
export function parsePlan(
  text: string,
  at: string,
  { total, given, norms }: { readonly total: number; readonly given: boolean; readonly norms: Norms },
): FineTunePlan {
  const phases = text.split(",").map((word) => phaseOf(word.trim(), at));
  const lengths = phases.flatMap(({ epochs }) => epochs ?? []);
  if (lengths.length === 0) {
    const plan = planFor(
      phases.map(({ part }) => part),
      total,
      norms,
    );
    if (plan.length === phases.length) {
      return plan.map((phase, i) => ({ ...phase, learningRate: phases[i]!.learningRate ?? phase.learningRate }));
    }
    throw new UsageError({ at, expected: `an epoch for each of ${phases.length} phases`, received: `${total} in all` });
  }
  if (lengths.length < phases.length || given) {
    throw new UsageError({
      at,
      expected: "epochs of every phase, or of all together with --epochs",
      received: given ? "both" : `${JSON.stringify(text)}, which says them of some`,
    });
  }
  return phases.map(({ part, epochs, learningRate }) => ({
    part,
    epochs: epochs!,
    learningRate: learningRate ?? shareOf(part, norms),
  }));
}

function phaseOf(word: string, at: string): Pick<Phase, "part"> & Partial<Phase> {
  const [part, epochs, share, ...rest] = word.split(":");
  const refuse = () => {
    const expected = "PART, PART:EPOCHS or PART:EPOCHS:SHARE of the learning rate, with a comma between two";
    throw new UsageError({ at, expected, received: JSON.stringify(word) });
  };
  const learningRate = share === undefined ? undefined : Number(share);
  if (rest.length > 0 || (epochs !== undefined && !/^[1-9]\d{0,5}$/.test(epochs))) refuse();
  if (learningRate !== undefined && !(learningRate > 0 && learningRate <= 100)) refuse();
  return {
    part: parseTrainedPart(part!, at),
    ...(epochs !== undefined && { epochs: Number(epochs) }),
    ...(learningRate !== undefined && { learningRate }),
  };
}

/**
 * The recipe of one phase: the schedule anew over its epochs, from its share of the learning rate; a warm-up takes a fifth of it at
 * most.
 *
 * @param squaredLength mean ‖x‖² of the features that stand for images, where they do. These cannot be mixed; and since the loss of a
 *   linear classifier curves by at most ‖x‖²/2, SGD's rate is kept below 2/‖x‖², where it cannot blow up: features are long in one
 *   network and short in another.
 * @source the bound of the curvature: Böhning 1992, Multinomial logistic regression algorithm
 */
export function recipeOfPhase(recipe: Recipe, { epochs, learningRate }: Phase, squaredLength: number | null): Recipe {
  const share = recipe.learningRate * learningRate;
  const isBounded = squaredLength !== null && squaredLength > 0 && recipe.optimizer.kind === "sgd";
  return {
    ...recipe,
    learningRate: isBounded ? Math.min(share, 2 / squaredLength) : share,
    warmupEpochs: Math.min(recipe.warmupEpochs, epochs / 5),
    ...(squaredLength !== null && { mixing: { mixup: 0, cutmix: 0 } }),
  };
}
