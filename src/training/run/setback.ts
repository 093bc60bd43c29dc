/** When a run has gone wrong, and how it goes on then: from its best state, at a lower rate and with bounded gradients. */

import type { Recipe } from "../recipe/recipe.js";
import type { EpochRecord } from "./epoch-record.js";
import type { Evaluation } from "./evaluation.js";

/** What went wrong once; it is kept with the run, so that one that was stopped decides again as it did. */
export type Setback = {
  /** In which it was noticed, from 1. */
  readonly epoch: number;
  /** For people. */
  readonly reason: string;
  /** The epoch that the run was put back to; 0 is its start. */
  readonly backTo: number;
  /** The top of the rate from there on; null where it was given up. */
  readonly learningRate: number | null;
};

/** Lower rates that a run is tried at. */
export const MOST_RETRIES = 3;

/** A rate that is too high is mostly so by more than a factor of two. */
const LOWER = 4;

/**
 * Where a layer's input hardly varies, batch norm's gradient is some thirty times its own (1/√ε) in each layer, and no rate is low
 * enough; a bound on the whole gradient's length holds everywhere.
 */
const CLIP_NORM = 1;

/** The recipe after so many setbacks. */
export function recipeAfter(recipe: Recipe, setbacks: number): Recipe {
  if (setbacks === 0) return recipe;
  const clipNorm = Math.min(recipe.clipNorm ?? CLIP_NORM, CLIP_NORM);
  return { ...recipe, learningRate: recipe.learningRate / LOWER ** setbacks, clipNorm };
}

/** Epochs, begun or done, that were thrown away. */
export const lostEpochs = (setbacks: readonly Setback[]): number =>
  setbacks.reduce((sum, { epoch, backTo }) => sum + epoch - backTo, 0);

export const isGivenUp = (setbacks: readonly Setback[]): boolean => setbacks.at(-1)?.learningRate === null;

/** Of what stands where a run begins: a trained network as it is, or chance. */
export type Start = Evaluation & { readonly of: "network" | "chance" };

/** Guessing: every class alike for the loss, the most frequent one for the accuracy. */
export function chance(labels: ArrayLike<number>, classes: number): Start {
  const counts = new Array<number>(classes).fill(0);
  for (let i = 0; i < labels.length; i++) counts[labels[i]!]!++;
  return { loss: Math.log(classes), accuracy: Math.max(...counts) / labels.length, of: "chance" };
}

type Judged = Pick<EpochRecord, "trainLoss" | "validationLoss" | "validationAccuracy">;

export const judgedAs = ({ accuracy, loss }: Evaluation) => ({ validationAccuracy: accuracy, validationLoss: loss });

/** By accuracy; of equals, by the loss: with a few pictures of a class, many epochs have the same accuracy. */
export const isBetter = (
  a: Pick<Judged, "validationAccuracy" | "validationLoss">,
  b: Pick<Judged, "validationAccuracy" | "validationLoss">,
): boolean =>
  a.validationAccuracy > b.validationAccuracy ||
  (a.validationAccuracy === b.validationAccuracy && a.validationLoss < b.validationLoss);

/** The best epoch of a curve, the later of equals; undefined for none. */
export const bestOf = (curve: readonly EpochRecord[]): EpochRecord | undefined =>
  curve.reduce<EpochRecord | undefined>(
    (best, record) => (best !== undefined && isBetter(best, record) ? best : record),
    undefined,
  );

/**
 * Losses above so many times the start's are worse than the start, whatever the accuracy; for a network that was trained before, above
 * so many with an accuracy no better. From random weights, a good training may well begin with losses of thrice what guessing has.
 */
const FAR_WORSE = 10;
const WORSE = 2;

/**
 * Training and validation have to agree: running statistics lag behind the weights at first, which spoils the validation alone, and
 * strong augmentation the training alone.
 */
function isWorse({ trainLoss, validationLoss, validationAccuracy }: Judged, start: Start, classes: number) {
  // A start that is nearly perfect is soon lost by a factor, with no harm done.
  const reference = Math.max(start.loss, Math.log(classes) / 2);
  const times = Math.min(trainLoss, validationLoss) / reference;
  return times > FAR_WORSE || (start.of === "network" && times > WORSE && validationAccuracy <= start.accuracy);
}

/** The best epoch of a curve, where it is better than the start; undefined where the start is to go on from. */
export function worthKeeping(curve: readonly EpochRecord[], start: Start, classes: number): EpochRecord | undefined {
  const best = bestOf(curve);
  return best === undefined || isWorse(best, start, classes) || isBetter(judgedAs(start), best) ? undefined : best;
}

/** Epochs in a row: the first steps of a good training may be wild, most of all from random weights. */
const PATIENCE = { network: 2, chance: 3 };

/**
 * Why a run is not worth going on with, at the end of an epoch; null where it is.
 *
 * @param isLast whether there is no epoch after it: then as many as there were must do.
 */
export function troubleOf(
  curve: readonly EpochRecord[],
  start: Start,
  classes: number,
  isLast: () => boolean,
): string | null {
  const worse = curve.length - 1 - curve.findLastIndex((record) => !isWorse(record, start, classes));
  const { validationLoss, trainLoss } = curve.at(-1)!;
  if (worse === 0 || (worse < PATIENCE[start.of] && !(worse === curve.length && isLast()))) return null;
  const before = start.of === "network" ? "the start's was" : "guessing has";
  const [validation, train, own] = [validationLoss, trainLoss, start.loss].map((loss) => Number(loss.toPrecision(3)));
  return `a validation loss of ${validation} and a training loss of ${train}, where ${before} ${own}`;
}

/** For people, in one line. @param start what epoch 0 is. */
export function setbackLine({ epoch, reason, backTo, learningRate }: Setback, start = "the start"): string {
  const place = backTo === 0 ? start : `epoch ${backTo}`;
  const next =
    learningRate === null
      ? `and left so, since ${MOST_RETRIES} lower rates did no better`
      : `and tried again at a learning rate of ${Number(learningRate.toPrecision(3))} with clipped gradients`;
  return `epoch ${epoch} went wrong (${reason}): put back to ${place}, ${next}`;
}
