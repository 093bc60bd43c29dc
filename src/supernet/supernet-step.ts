/** One step of shared weights: the candidates of the rule on the same batch, and what their gradients come to. */
import type { Rng } from "../base/index.js";
import { type Counted, sampleFeasible } from "../search/index.js";
import { allFinite, assemble, buildGradientStep, names, vector } from "../training/index.js";
import { gather, scatterAdd } from "./shared-weights.js";
import { diverged, type SupernetParts, type SupernetState, sessionOf } from "./supernet-setup.js";

/**
 * @param indices of the batch's images.
 * @returns also the loss of the first candidate. @throws {DivergenceError} when loss or weights are not finite.
 */
export async function supernetStep(
  parts: SupernetParts,
  state: SupernetState,
  indices: readonly number[],
  learningRate: number,
  draw: Rng,
): Promise<{ readonly state: SupernetState; readonly loss: number }> {
  const { shared, optimizer, recipe } = parts;
  const { classes } = parts.gate.space;
  const gradient = new Float32Array(shared.layout.size);
  const candidates = candidatesFor(parts, draw);
  let [first, compute] = [null as { readonly loss: number; readonly soft: Float32Array } | null, state.compute];
  for (const candidate of candidates) {
    const learned = await learn(parts, state.weights, candidate, indices, first?.soft ?? null, draw.fork("images"));
    first ??= { loss: learned.loss, soft: softmax(learned.logits, classes) };
    scatterAdd(gradient, shared.placesOf(candidate.architecture), learned.gradient, 1 / candidates.length);
    compute += candidate.costs.macs * indices.length;
  }
  const { decayed } = shared.layout;
  const next = descend(state, gradient, { ...optimizer, learningRate, decay: recipe.weightDecay, decayed });
  const { loss } = first!;
  if (!Number.isFinite(loss)) throw diverged(state.epoch + 1, `a loss of ${loss}`);
  if (!allFinite(next.weights)) throw diverged(state.epoch + 1, "weights that are no longer finite");
  return { state: { ...state, ...next, compute }, loss };
}

/** The first learns from the labels, the others from the first. */
function candidatesFor({ rule, gate, largest, smallest }: SupernetParts, draw: Rng): readonly Counted[] {
  const random = (i: number) => sampleFeasible(gate, draw.fork(`candidate ${i}`));
  if (rule.kind === "single-path") return [random(0)];
  return [largest, smallest, ...Array.from({ length: rule.random }, (_, i) => random(i))];
}

/** Loss, logits and gradient of one candidate on one batch. @param soft what is learned from in place of the labels, `[N, K]`. */
async function learn(
  parts: SupernetParts,
  weights: Float32Array,
  { architecture }: Counted,
  indices: readonly number[],
  soft: Float32Array | null,
  draw: Rng,
): Promise<{ readonly loss: number; readonly logits: Float32Array; readonly gradient: Float32Array }> {
  const { recipe, normalization, shared, train } = parts;
  const pixels = { ...normalization, augmentation: recipe.augmentation };
  const batch = assemble(architecture, await train(architecture.resolution), indices, pixels, draw);
  const targets = soft ?? smoothed(batch.labels, architecture.classes, recipe.labelSmoothing);
  const session = await sessionOf(parts, architecture, "gradient", buildGradientStep);
  const outputs = await session.run({
    [names.image]: batch.image,
    [names.targets]: { data: targets, dims: batch.targets.dims },
    [names.weights]: vector(gather(weights, shared.placesOf(architecture))),
  });
  const floats = (name: string) => outputs[name]!.data as Float32Array;
  return { loss: floats(names.loss)[0]!, logits: floats(names.logits), gradient: floats(names.gradient) };
}

/** g ← g + λ·w for those that decay; v ← μ·v + g; w ← w − lr·(g + μ·v) with Nesterov's look-ahead, else w − lr·v. */
function descend(
  { weights, velocity }: Pick<SupernetState, "weights" | "velocity">,
  gradient: Float32Array,
  options: { learningRate: number; momentum: number; nesterov: boolean; decay: number; decayed: number },
): Pick<SupernetState, "weights" | "velocity"> {
  const { learningRate, momentum, nesterov, decay, decayed } = options;
  const next = { weights: new Float32Array(weights.length), velocity: new Float32Array(weights.length) };
  for (let i = 0; i < weights.length; i++) {
    const g = gradient[i]! + (i < decayed ? decay * weights[i]! : 0);
    const v = momentum * velocity[i]! + g;
    next.velocity[i] = v;
    next.weights[i] = weights[i]! - learningRate * (nesterov ? g + momentum * v : v);
  }
  return next;
}

/** `[N, K]`: (1 − ε) at the label and ε/K everywhere. */
function smoothed(labels: readonly number[], classes: number, epsilon: number): Float32Array {
  const targets = new Float32Array(labels.length * classes).fill(epsilon / classes);
  labels.forEach((label, i) => {
    targets[i * classes + label]! += 1 - epsilon;
  });
  return targets;
}

/** Row by row. */
function softmax(logits: Float32Array, classes: number): Float32Array {
  const result = new Float32Array(logits.length);
  for (let start = 0; start < logits.length; start += classes) {
    const row = logits.subarray(start, start + classes);
    const top = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const total = row.reduce((sum, logit) => sum + Math.exp(logit - top), 0);
    for (let k = 0; k < classes; k++) result[start + k] = Math.exp(row[k]! - top) / total;
  }
  return result;
}
