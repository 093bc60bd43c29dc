/**
 * What is measured, as our graph: a training step of a network, or of one block alone. Input is the same on all sides: numbers
 * from fixed seeds, a whole batch at once.
 */
import { differentiate } from "../../src/autodiff/index.js";
import { createRng } from "../../src/base/index.js";
import { type Graph, image, plain, sizeOf, type Value } from "../../src/ir/index.js";
import { type Architecture, buildArchitecture, type Noise, parseNetwork } from "../../src/networks/index.js";
import { randomImage } from "../../src/networks/testing/random-weights.js";
import { createBuilder } from "../../src/ops/index.js";
import type { Tensor } from "../../src/runtime/index.js";
import { noiseMask } from "../../src/training/batches/batch.js";
import type { Recipe, StateLayout } from "../../src/training/index.js";
import { quickRecipe } from "../../src/training/index.js";
import { initialState } from "../../src/training/step/state.js";
import { names, stateLayout } from "../../src/training/step/state-layout.js";
import { buildTrainingStep } from "../../src/training/step/step.js";

export type Workload = {
  /** `block`, or a network as in `bantam profile`: `mobilenet-v2-0.35`. */
  readonly network: string;
  readonly batch: number;
  readonly resolution: number;
  readonly classes: number;
};

export type Feeds = Readonly<Record<string, Tensor>>;

export type OurStep = {
  readonly graph: Graph;
  /** Null for the block. */
  readonly network: { readonly architecture: Architecture; readonly layout: StateLayout } | null;
  /** Of the first step. Masks of dropout are all ones, so that other programs can follow. */
  readonly feeds: Feeds;
  /** Output by the input that it replaces in the next step. */
  readonly carried: Readonly<Record<string, string>>;
  /** Masks for a step, as the trainer draws them. */
  readonly masks: (step: number) => Feeds;
};

/** One block of MobileNetV2, stage 2: 24 channels at 56 × 56, widened to 144. */
const BLOCK = { channels: 24, wide: 144, side: 56, kernel: 3 } as const;

/** SGD with momentum, cross entropy; decay on the weights of convolutions and classifier, as in the paper of v2. */
export const TRAINING = { learningRate: 0.01, momentum: 0.9, weightDecay: 4e-5 } as const;

export function ourStep(workload: Workload): OurStep {
  return workload.network === "block" ? blockStep(workload.batch) : networkStep(workload);
}

/**
 * `torch-mobilenet-v2` for `mobilenet-v2`: torchvision's own dialect. A name with a prefix is taken as it is. All five strides at
 * any resolution, as torchvision has them.
 */
export function architectureOf({ network, resolution, classes }: Workload): Architecture {
  const { name, width } = parseNetwork(/^(torch|tf|timm)-/.test(network) ? network : `torch-${network}`);
  return { ...buildArchitecture(name, { ...(width !== undefined && { width }), classes }), resolution };
}

function networkStep(workload: Workload): OurStep {
  const { batch, classes } = workload;
  const architecture = architectureOf(workload);
  const recipe: Recipe = {
    ...quickRecipe,
    optimizer: { kind: "sgd", momentum: TRAINING.momentum, nesterov: false },
    weightDecay: TRAINING.weightDecay,
    batchSize: batch,
    labelSmoothing: 0,
  };
  const layout = stateLayout(architecture);
  const { graph, noise } = buildTrainingStep(architecture, recipe, layout);
  const { weights, buffers, moments } = initialState(architecture, layout, recipe, createRng(1));
  const targets = new Float32Array(batch * classes);
  for (let i = 0; i < batch; i++) targets[i * classes + labelOf(i, classes)] = 1;
  return {
    graph,
    network: { architecture, layout },
    feeds: {
      [names.image]: channelMajor(randomImage(architecture, batch, createRng(2))),
      [names.targets]: { data: targets, dims: [batch, classes] },
      [names.weights]: vector(weights),
      [names.buffers]: vector(buffers),
      [names.moment(0)]: vector(moments[0]!),
      [names.learningRate]: scalar(TRAINING.learningRate),
      [names.statisticsMomentum]: scalar(architecture.norm.momentum),
      ...masksOf(noise, ({ shape }) => noiseMask(shape, 0, createRng(0))),
    },
    carried: Object.fromEntries(
      [names.weights, names.buffers, names.moment(0)].map((name) => [name, names.next(name)]),
    ),
    masks: (step) => {
      const rng = createRng(3).fork(step);
      return masksOf(noise, ({ input, rate, shape }) => noiseMask(shape, rate, rng.fork(input.name)));
    },
  };
}

export const labelOf = (image: number, classes: number): number => (7 * image + 1) % classes;

/** loss = Σ y · dy, so that dy is the gradient of y; gradients of the input and of the three weights. */
function blockStep(batch: number): OurStep {
  const { channels, wide, side, kernel } = BLOCK;
  const g = createBuilder();
  const x = g.input("x", image(batch, channels, side, side));
  const dy = g.input("dy", image(batch, channels, side, side));
  const weights = [
    g.input("expand", plain(wide, channels, 1, 1)),
    g.input("depthwise", plain(wide, 1, kernel, kernel)),
    g.input("project", plain(channels, wide, 1, 1)),
  ] as const;
  const convolve = (x: Value, weight: Value) => g.one("conv2d", [x, weight], { stride: 1, padding: [0, 0, 0, 0] });
  const padded = { stride: 1, padding: [1, 1, 1, 1] } as const;
  const expanded = g.scope("expand", () => g.relu6(convolve(x, weights[0])));
  const filtered = g.scope("depthwise", () => g.relu6(g.one("depthwiseConv2d", [expanded, weights[1]], padded)));
  const y = g.scope("project", () => g.add(x, convolve(filtered, weights[2])));
  const loss = g.scope("loss", () => g.sumTo(g.mul(y, dy), []));
  const { builder, gradients } = differentiate(g.build(), loss, [x, ...weights]);
  builder.output(loss, names.loss);
  for (const [i, { name }] of [x, ...weights].entries()) builder.output(gradients[i]!, `d ${name}`);
  const graph = builder.build();
  const rng = createRng(4);
  const feeds = graph.inputs.map(({ name, axes, shape }): [string, Tensor] => {
    const [n, ...rest] = shape;
    const deviation = axes === "image" ? 1 : Math.sqrt(2 / sizeOf(rest));
    const own = rng.fork(name);
    const tensor = {
      dims: shape,
      data: Float32Array.from({ length: n! * sizeOf(rest) }, () => deviation * own.normal()),
    };
    return [name, axes === "image" ? channelMajor(tensor) : tensor];
  });
  return { graph, network: null, feeds: Object.fromEntries(feeds), carried: {}, masks: () => ({}) };
}

const masksOf = (noise: readonly Noise[], draw: (noise: Noise) => Tensor): Feeds =>
  Object.fromEntries(noise.map((each) => [each.input.name, draw(each)]));

const scalar = (value: number): Tensor => ({ data: Float32Array.of(value), dims: [] });
const vector = (data: Float32Array): Tensor => ({ data, dims: [data.length] });

/** `[N, C, H, W]` to `[C, N, H, W]`. */
export function channelMajor({ data, dims }: Tensor<Float32Array>): Tensor<Float32Array> {
  const [n, c, h, w] = dims as [number, number, number, number];
  const size = h * w;
  const swapped = new Float32Array(data.length);
  for (let i = 0; i < n * c; i++) {
    const [picture, channel] = [Math.floor(i / c), i % c];
    swapped.set(data.subarray(i * size, (i + 1) * size), (channel * n + picture) * size);
  }
  return { data: swapped, dims: [c, n, h, w] };
}
