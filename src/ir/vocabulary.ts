import type { Padding, Shape } from "./shape.js";

type None = Record<never, never>;

/** Stride is the same along both axes, as in every network of the four papers. */
type Convolution = { readonly stride: number; readonly padding: Padding };

/**
 * Every op a graph may hold, with its attributes. The one place that names them: a node, its builder, its record and its
 * lowering take their types from here, so a missing rule or attribute does not compile.
 */
export interface Vocabulary {
  constant: { readonly values: readonly number[]; readonly shape: Shape };

  add: None;
  sub: None;
  mul: None;
  div: None;
  exp: None;
  sqrt: None;
  lessEqual: None;
  where: None;
  step: None;
  between: { readonly low: number; readonly high: number };

  relu: None;
  relu6: None;
  sigmoid: None;
  silu: None;
  hardSigmoid: None;
  hardSwish: None;

  conv2d: Convolution;
  conv2dInputGrad: Convolution & { readonly inputShape: Shape };
  conv2dWeightGrad: Convolution & { readonly weightShape: Shape };
  depthwiseConv2d: Convolution;
  depthwiseInputGrad: Convolution & { readonly inputShape: Shape };
  depthwiseWeightGrad: Convolution & { readonly weightShape: Shape };

  matmul: { readonly transposeA: boolean; readonly transposeB: boolean };

  batchNorm: { readonly epsilon: number };
  batchNormGrad: { readonly epsilon: number };
  pointwiseNorm: { readonly epsilon: number };
  pointwiseNormGrad: { readonly epsilon: number };
  batchNormInference: { readonly epsilon: number };

  channelSum: None;
  globalAveragePool: None;
  placeProducts: None;
  scaleShift: None;
  broadcastTo: { readonly shape: Shape };
  sumTo: { readonly shape: Shape };

  reshape: { readonly shape: Shape };
  flatten: None;
  unflatten: { readonly shape: Shape };
  concat: None;
  split: { readonly sizes: readonly number[] };

  softmax: None;
  logSoftmax: None;
  pixelsToImage: { readonly mean: readonly number[]; readonly std: readonly number[] };
}

export type OpName = keyof Vocabulary;
