/** Optimizers as graph: vectors in, vectors out. Nothing here knows a network. */
import type { Value } from "../ir/index.js";
import type { GraphBuilder } from "../ops/index.js";
import type { Optimizer } from "./recipe.js";

/** What each moment vector of an optimizer starts at. */
export function initialMoments({ kind }: Optimizer): readonly number[] {
  switch (kind) {
    case "sgd":
      return [0];
    case "rmsprop":
      return [1, 0]; // TensorFlow starts the mean square at one, not zero
    default:
      return kind satisfies never;
  }
}

/**
 * One update.
 *
 * @param gradient `[P]`, weight decay already added.
 * @param learningRate scalar.
 * @source SGD: Sutskever et al. 2013, eq. 3–4. RMSProp: TensorFlow `tf.raw_ops.ApplyRMSProp`: ε inside the root, the
 *   learning rate inside the momentum.
 */
export function update(
  g: GraphBuilder,
  optimizer: Optimizer,
  {
    weights,
    moments,
    gradient,
    learningRate,
  }: { weights: Value; moments: readonly Value[]; gradient: Value; learningRate: Value },
): { weights: Value; moments: Value[] } {
  switch (optimizer.kind) {
    case "sgd": {
      const velocity = g.add(g.mul(moments[0]!, optimizer.momentum), gradient);
      const direction = optimizer.nesterov ? g.add(gradient, g.mul(velocity, optimizer.momentum)) : velocity;
      return { weights: g.sub(weights, g.mul(direction, learningRate)), moments: [velocity] };
    }
    case "rmsprop": {
      const { decay, momentum, epsilon } = optimizer;
      const meanSquare = g.add(g.mul(moments[0]!, decay), g.mul(g.mul(gradient, gradient), 1 - decay));
      const scaled = g.div(g.mul(gradient, learningRate), g.sqrt(g.add(meanSquare, epsilon)));
      const velocity = g.add(g.mul(moments[1]!, momentum), scaled);
      return { weights: g.sub(weights, velocity), moments: [meanSquare, velocity] };
    }
    default:
      return optimizer satisfies never;
  }
}
