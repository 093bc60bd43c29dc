/** NASWOT and the gradient norm: one graph of a network in training, over a batch of images. */
import { differentiate, withoutUnusedNodes } from "../autodiff/index.js";
import { type Graph, type OpName, plain, type Value, verify } from "../ir/index.js";
import { type Architecture, buildNetwork } from "../networks/index.js";
import { createBuilder, type GraphBuilder, inferNode } from "../ops/index.js";
import type { Tensor } from "../runtime/index.js";
import { logAbsDeterminant } from "./determinant.js";

/** NASWOT counts the codes of ReLUs. That the sign before another activation serves as its code is our extension. */
const coded: ReadonlySet<OpName> = new Set(["relu", "relu6", "hardSwish", "silu"]);

/**
 * Inputs: `image` `[N, C, H, W]` and, for the gradient norm, `targets` `[N, K]`. Outputs: `products.i` `[N, N]`, of the sign
 * codes of activation i; `squares` `[T]`, the squared norm of each weight tensor's gradient.
 *
 * Batch norm uses the batch's own statistics, as in the released code of both; dropout and drop path are off.
 */
export function buildBatchScores(
  architecture: Architecture,
  count: number,
  asked: { readonly naswot: boolean; readonly gradientNorm: boolean },
): Graph {
  const quiet = { ...architecture, dropout: 0, dropPath: 0 };
  const { graph: network, logits } = buildNetwork(quiet, { batch: count, mode: "train" });
  let g = createBuilder({ ...network, outputs: [] });

  if (asked.gradientNorm) {
    const targets = g.input("targets", plain(...logits.shape));
    const loss = g.scope("loss", () => g.mul(g.sumTo(g.mul(targets, g.logSoftmax(logits)), []), -1 / count));
    // Weights of convolutions and classifier are those under decay. The released code leaves out norms and biases too.
    const weights = network.parameters.filter(({ decay }) => decay).map(({ value }) => value);
    const { builder, gradients } = differentiate(g.build(), loss, weights);
    const squares = gradients.map((gradient) => builder.sumTo(builder.mul(gradient, gradient), []));
    builder.output(builder.concat(squares.map((square) => builder.reshape(square, [1]))), "squares");
    g = builder;
  }
  if (asked.naswot) {
    const inputs = network.nodes.filter(({ op }) => coded.has(op)).map((node) => node.inputs[0]!);
    for (const [i, x] of inputs.entries()) g.output(signProducts(g, x), `products.${i}`);
  }
  const graph = withoutUnusedNodes(g.build());
  verify(graph, inferNode);
  return graph;
}

/** `[N, N]`: inner products of the images' codes, in which a number above 0 is 1 and any other −1. */
function signProducts(g: GraphBuilder, x: Value): Value {
  const signs = g.flatten(g.where(g.lessEqual(x, 0), -1, 1));
  const [n, f] = signs.shape as [number, number];
  // A matrix times its transpose, as a 1×1 convolution of images of one place with themselves.
  const image = g.one("unflatten", [signs], { shape: [n, f, 1, 1] });
  const weight = g.reshape(signs, [n, f, 1, 1]);
  return g.flatten(g.one("conv2d", [image, weight], { stride: 1, padding: [0, 0, 0, 0] }));
}

/**
 * ln |det K|, where K counts in how many places two images have the same code. Two codes of −1 and 1 in F places agree in
 * (F + their product) / 2 of them, and with itself an image agrees everywhere.
 */
export function naswotOf(outputs: Readonly<Record<string, Tensor>>, count: number): number {
  const kernel = new Float64Array(count * count);
  for (const [name, { data }] of Object.entries(outputs)) {
    if (!name.startsWith("products.")) continue;
    const places = data[0]!;
    for (let i = 0; i < kernel.length; i++) kernel[i]! += (places + data[i]!) / 2;
  }
  return logAbsDeterminant(kernel, count);
}

export function gradientNormOf({ squares }: Readonly<Record<string, Tensor>>): number {
  return Array.from(squares!.data, Math.sqrt).reduce((sum, norm) => sum + norm, 0);
}
