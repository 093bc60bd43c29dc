/** Optimizers as graph: vectors in, vectors out. Nothing here knows a network. */
import type { Value } from "../../ir/index.js";
import type { GraphBuilder } from "../../ops/index.js";
import type { Optimizer } from "../recipe/recipe.js";
import type { FlatLayout } from "./flat.js";

/** What each moment vector of an optimizer starts at. */
export function initialMoments({ kind }: Optimizer): readonly number[] {
  switch (kind) {
    case "sgd":
      return [0];
    case "rmsprop":
      return [1, 0]; // TensorFlow starts the mean square at one, not zero
    case "adamw":
    case "lamb":
      return [0, 0];
    default:
      return kind satisfies never;
  }
}

/**
 * What takes the bias off the moments, 1/(1 − β₁ᵗ) and 1/√(1 − β₂ᵗ); empty for optimizers without. Reckoned here, since float32
 * loses 1 − 0.999.
 * @param t the update's number, from 1.
 */
export function biasCorrections(optimizer: Optimizer, t: number): readonly number[] {
  if (optimizer.kind !== "adamw" && optimizer.kind !== "lamb") return [];
  return [1 / (1 - optimizer.beta1 ** t), 1 / Math.sqrt(1 - optimizer.beta2 ** t)];
}

type Tensors = {
  /** `[P]`, as the moments and the gradient; the decayed numbers stand first. */
  readonly weights: Value;
  readonly moments: readonly Value[];
  readonly gradient: Value;
  readonly learningRate: Value;
  /** Scalars, as many as `biasCorrections` gives. */
  readonly corrections: readonly Value[];
};

/**
 * One update.
 *
 * @param weightDecay λ, for the first `layout.decayed` numbers.
 * @source SGD: Sutskever et al. 2013, eq. 3–4. RMSProp: TensorFlow `tf.raw_ops.ApplyRMSProp`: ε inside the root, the
 *   learning rate inside the momentum. AdamW: Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 2. LAMB: You et al. 2020,
 *   arXiv:1904.00962, algorithm 2 with φ(z) = z; tensors without weight decay keep AdamW's length, as in timm.
 */
export function update(
  g: GraphBuilder,
  optimizer: Optimizer,
  layout: FlatLayout,
  weightDecay: number,
  { weights, moments, gradient, learningRate, corrections }: Tensors,
): { weights: Value; moments: Value[] } {
  switch (optimizer.kind) {
    case "sgd": {
      const decayed = withDecay(g, gradient, weights, layout, weightDecay);
      const velocity = g.add(g.mul(moments[0]!, optimizer.momentum), decayed);
      const direction = optimizer.nesterov ? g.add(decayed, g.mul(velocity, optimizer.momentum)) : velocity;
      return { weights: g.sub(weights, g.mul(direction, learningRate)), moments: [velocity] };
    }
    case "rmsprop": {
      const { decay, momentum, epsilon } = optimizer;
      const decayed = withDecay(g, gradient, weights, layout, weightDecay);
      const meanSquare = g.add(g.mul(moments[0]!, decay), g.mul(g.mul(decayed, decayed), 1 - decay));
      const scaled = g.div(g.mul(decayed, learningRate), g.sqrt(g.add(meanSquare, epsilon)));
      const velocity = g.add(g.mul(moments[1]!, momentum), scaled);
      return { weights: g.sub(weights, velocity), moments: [meanSquare, velocity] };
    }
    case "adamw":
    case "lamb": {
      const { beta1, beta2, epsilon } = optimizer;
      const mean = g.add(g.mul(moments[0]!, beta1), g.mul(gradient, 1 - beta1));
      const meanSquare = g.add(g.mul(moments[1]!, beta2), g.mul(g.mul(gradient, gradient), 1 - beta2));
      const root = g.mul(g.sqrt(meanSquare), corrections[1]!);
      const adaptive = g.div(g.mul(mean, corrections[0]!), g.add(root, epsilon));
      const direction = withDecay(g, adaptive, weights, layout, weightDecay);
      const step = optimizer.kind === "lamb" ? asLongAs(g, direction, weights, layout) : direction;
      return { weights: g.sub(weights, g.mul(step, learningRate)), moments: [mean, meanSquare] };
    }
    default:
      return optimizer satisfies never;
  }
}

/** `direction` + λ · `weights`, on the numbers under decay. */
function withDecay(g: GraphBuilder, direction: Value, weights: Value, { size, decayed }: FlatLayout, decay: number) {
  if (decay === 0 || decayed === 0) return direction;
  if (decayed === size) return g.add(direction, g.mul(weights, decay));
  const sizes = [decayed, size - decayed];
  const [first, rest] = g.split(direction, sizes) as [Value, Value];
  const [decayedWeights] = g.split(weights, sizes) as [Value, Value];
  return g.concat([g.add(first, g.mul(decayedWeights, decay)), rest]);
}

/** Each decayed tensor's part of `direction` as long as the tensor; unchanged where one of the two is zero. */
function asLongAs(g: GraphBuilder, direction: Value, weights: Value, { slices, decayed, size }: FlatLayout): Value {
  const ofDecay = slices.filter(({ offset }) => offset < decayed);
  if (ofDecay.length === 0) return direction;
  const sizes = [...ofDecay.map((slice) => slice.size), ...(decayed < size ? [size - decayed] : [])];
  const [steps, tensors] = [g.split(direction, sizes), g.split(weights, sizes)];
  const scaled = ofDecay.map((_, i) => {
    const [stepLength, length] = [lengthOf(g, steps[i]!), lengthOf(g, tensors[i]!)];
    const ratio = g.where(g.lessEqual(g.mul(length, stepLength), 0), 1, g.div(length, stepLength));
    return g.mul(steps[i]!, ratio);
  });
  return g.concat([...scaled, ...steps.slice(ofDecay.length)]);
}

/** ‖x‖₂, a scalar. */
const lengthOf = (g: GraphBuilder, x: Value) => g.sqrt(g.sumTo(g.mul(x, x), []));

/**
 * `gradient`, no longer than `most`.
 * @source Pascanu et al. 2013, arXiv:1211.5063, algorithm 1; the small number as in PyTorch's `clip_grad_norm_`
 */
export function clipped(g: GraphBuilder, gradient: Value, most: number | null): Value {
  if (most === null) return gradient;
  const share = g.div(most, g.add(lengthOf(g, gradient), 1e-6));
  return g.mul(gradient, g.where(g.lessEqual(share, 1), share, 1));
}
