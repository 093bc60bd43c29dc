/**
 * The recipes that networks were published with, and Bantam's own, as data.
 *
 * Where a source trains for a number of steps or on many chips, batch and learning rate are those of one step over all chips. What Bantam
 * has no counterpart for is named in `without`: Inception's colour distortion, most of all.
 */
import type { Augmentation } from "../../data/index.js";
import { quickRecipe, type Recipe } from "./recipe.js";

export type NamedRecipe = {
  readonly name: string;
  readonly summary: string;
  readonly source: string;
  /** Length of the published training; of our own recipe, what suits some thousand small images. */
  readonly epochs: number;
  /** What the source does beside. */
  readonly without: string | null;
  readonly recipe: Recipe;
};

/** Random crop of at least 8 % of the area and mirroring, as nearly every ImageNet recipe has. */
const cropped: Augmentation = { shift: 0, flip: true, erase: 0, crop: 0.08 };

/** TensorFlow's RMSProp with both decays 0.9, as MnasNet, MobileNet v2 and v3 and EfficientNet are trained. */
const tensorflow: Recipe = {
  optimizer: { kind: "rmsprop", decay: 0.9, momentum: 0.9, epsilon: 1e-3 },
  learningRate: 0.016,
  batchSize: 256,
  accumulate: 1,
  schedule: { kind: "exponential", factor: 0.97, every: 2.4, inSteps: true },
  warmupEpochs: 5,
  weightDecay: 1e-5,
  clipNorm: null,
  ema: 0.9999,
  labelSmoothing: 0.1,
  augmentation: cropped,
  mixing: { mixup: 0, cutmix: 0 },
  dropout: null,
  dropPath: null,
};

export const recipes: readonly NamedRecipe[] = [
  {
    name: "quick",
    summary: "Bantam's own, for small images and short budgets",
    source: "measured on Fashion-MNIST",
    epochs: 20,
    without: null,
    recipe: quickRecipe,
  },
  {
    name: "mobilenet-v1",
    summary: "SGD with a steep exponential decay",
    source: "TensorFlow models, slim, scripts/train_mobilenet_v1; Howard et al. 2017, arXiv:1704.04861, §3.2",
    epochs: 100,
    without: "Inception's colour distortion",
    recipe: {
      ...tensorflow,
      optimizer: { kind: "sgd", momentum: 0.9, nesterov: false },
      learningRate: 0.045,
      batchSize: 64,
      schedule: { kind: "exponential", factor: 0.94, every: 2.5, inSteps: true },
      warmupEpochs: 0,
      weightDecay: 4e-5,
      ema: null,
      labelSmoothing: 0,
    },
  },
  {
    name: "mobilenet-v2",
    summary: "RMSProp, 0.98 each epoch",
    source:
      "Sandler et al. 2018, arXiv:1801.04381, §6.1; smoothing and averages: TensorFlow models, slim, mobilenet README",
    epochs: 300,
    without: "sixteen asynchronous workers, Inception's colour distortion",
    recipe: {
      ...tensorflow,
      learningRate: 0.045,
      batchSize: 96,
      schedule: { kind: "exponential", factor: 0.98, every: 1, inSteps: true },
      warmupEpochs: 0,
      weightDecay: 4e-5,
    },
  },
  {
    name: "mobilenet-v3",
    summary: "RMSProp, 0.99 every three epochs",
    source: "Howard et al. 2019, arXiv:1905.02244, §6.1.1; the printed decay of 0.01 is read as a factor of 0.99",
    epochs: 600,
    without: "Inception's colour distortion",
    recipe: {
      ...tensorflow,
      learningRate: 0.1,
      batchSize: 4096,
      schedule: { kind: "exponential", factor: 0.99, every: 3, inSteps: true },
      warmupEpochs: 0,
      labelSmoothing: 0,
      dropout: 0.2,
    },
  },
  {
    name: "mnasnet",
    summary: "RMSProp, 0.97 every 2.4 epochs after five of warm-up",
    source: "Tan et al. 2018, arXiv:1807.11626, §5; TensorFlow TPU models, mnasnet",
    epochs: 350,
    without: "Inception's colour distortion",
    recipe: { ...tensorflow, learningRate: 0.256, batchSize: 4096, dropout: 0.2 },
  },
  {
    name: "efficientnet",
    summary: "MnasNet's schedule with AutoAugment and stochastic depth",
    source: "Tan and Le 2019, arXiv:1905.11946, §5.2; TensorFlow TPU models, efficientnet/main.py",
    epochs: 350,
    without: "weight decay on biases",
    recipe: {
      ...tensorflow,
      learningRate: 0.128,
      batchSize: 2048,
      augmentation: { ...cropped, policy: { kind: "autoaugment", of: "imagenet" } },
      dropPath: 0.2,
    },
  },
  {
    name: "torchvision",
    summary: "SGD, 0.98 each epoch: MobileNetV2's first weights",
    source: "torchvision, references/classification/README.md, mobilenet_v2",
    epochs: 300,
    without: null,
    recipe: {
      ...tensorflow,
      optimizer: { kind: "sgd", momentum: 0.9, nesterov: false },
      learningRate: 0.045,
      batchSize: 256,
      schedule: { kind: "exponential", factor: 0.98, every: 1, inSteps: true },
      warmupEpochs: 0,
      weightDecay: 4e-5,
      ema: null,
      labelSmoothing: 0,
    },
  },
  {
    name: "torchvision-new",
    summary: "SGD on a cosine, TrivialAugment, mixup, CutMix: MobileNetV2's second weights",
    source: "torchvision, references/classification/README.md, `IMAGENET1K_V2`",
    epochs: 600,
    without: "repeated augmentation, training at 176 px for tests at 224",
    recipe: {
      ...tensorflow,
      optimizer: { kind: "sgd", momentum: 0.9, nesterov: false },
      learningRate: 0.5,
      batchSize: 1024,
      schedule: { kind: "cosine" },
      weightDecay: 2e-5,
      ema: 0.9999,
      augmentation: { ...cropped, erase: 0.1, policy: { kind: "trivial" } },
      mixing: { mixup: 0.2, cutmix: 1 },
    },
  },
  {
    name: "timm",
    summary: "RMSProp with RandAugment, erasing and stochastic depth: EfficientNet-B0 `ra`",
    source: "timm, training scripts, EfficientNet-B0; Wightman et al. 2021, arXiv:2110.00476, for its descendants",
    epochs: 450,
    without: "noise in the magnitudes, timm's further changes of colour",
    recipe: {
      ...tensorflow,
      learningRate: 0.048,
      batchSize: 768,
      warmupEpochs: 3,
      augmentation: { ...cropped, erase: 0.2, policy: { kind: "randaugment", ops: 2, magnitude: 27 } },
      dropout: 0.2,
      dropPath: 0.2,
    },
  },
];

/** The recipe for another batch: the learning rate follows it. @source Goyal et al. 2017, arXiv:1706.02677, §2.1 */
export const forBatch = (recipe: Recipe, batchSize: number): Recipe => ({
  ...recipe,
  batchSize,
  learningRate: (recipe.learningRate * batchSize) / recipe.batchSize,
});
