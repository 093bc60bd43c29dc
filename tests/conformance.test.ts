/** Whole steps of training on every device: what the processor reckons, the others reckon too. */
import { describe, expect, test } from "vitest";
import { createRng } from "../src/base/index.js";
import type { Architecture, Stage } from "../src/networks/index.js";
import { tinyNetwork } from "../src/networks/testing/tiny.js";
import { chooseEngine, type Engine } from "../src/runtime/index.js";
import { webGpuForTests } from "../src/runtime/testing/webgpu.js";
import { createTraining, quickRecipe, type Recipe, type Training } from "../src/training/index.js";
import { unpack } from "../src/training/step/flat.js";
import type { TrainingState } from "../src/training/step/state.js";
import { halves } from "../src/training/testing/halves.js";

const webgpu = await webGpuForTests();
const reference = await chooseEngine("cpu", 1).catch(() => chooseEngine("wasm", 1));
const devices = [
  { name: "wasm", engine: await chooseEngine("wasm", 1), missing: undefined },
  typeof webgpu === "string"
    ? { name: "webgpu", engine: null, missing: webgpu }
    : { name: "webgpu", engine: webgpu, missing: undefined },
];

const BATCH = 8;
const RELATIVE = 1e-3;

type Case = { readonly architecture: Architecture; readonly recipe: Recipe; readonly steps: number };

/** What a training has come to: numbers by name. */
type Outcome = { readonly loss: number; readonly parts: ReadonlyMap<string, Float32Array> };

async function train<T>(
  engine: Engine,
  { architecture, recipe, steps }: Case,
  read: (training: Training, start: TrainingState) => T,
): Promise<{ loss: number; parts: T }> {
  const setup = { engine, architecture, recipe, normalization: { mean: [0.5], std: [0.25] }, rng: createRng(3) };
  const training = await createTraining(setup);
  try {
    const start = training.state;
    const { trainLoss } = await training.trainEpoch(halves(BATCH * steps, 4), { epochs: 2 });
    return { loss: trainLoss, parts: read(training, start) };
  } finally {
    await training.dispose();
  }
}

/** Without momentum and decay, the moment is the gradient itself. */
const gradientsOf = (engine: Engine, each: Case): Promise<Outcome> =>
  train(engine, each, ({ layout, state }) => unpack(layout.weights, state.moments[0]!));

/** The whole state; of the weights what the training has changed. */
const stateOf = (engine: Engine, each: Case): Promise<Outcome> =>
  train(engine, each, ({ state: { weights, buffers, moments, average } }, start) => {
    const changed = (numbers: Float32Array) => numbers.map((value, i) => value - start.weights[i]!);
    return new Map([
      ["weights", changed(weights)],
      ["statistics", buffers],
      ...moments.map((moment, i) => [`moment ${i}`, moment] as const),
      ...(average === null
        ? []
        : ([
            ["averages of weights", changed(average.weights)],
            ["averages of statistics", average.buffers],
          ] as const)),
    ]);
  });

/** A shift before a linear layer with a norm has no effect, and a gradient of rounding alone. */
const NOTHING = 1e-6;

/** The furthest that a tensor is from the reference, as a share of the largest number in it. */
function distance(received: Float32Array, expected: Float32Array): number {
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const furthest = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - received[i]!)), 0);
  return furthest < NOTHING && largest < NOTHING ? 0 : furthest / largest;
}

function expectAgreement(received: Outcome, expected: Outcome) {
  expect(Math.abs(received.loss / expected.loss - 1)).toBeLessThan(RELATIVE);
  expect([...received.parts.keys()]).toEqual([...expected.parts.keys()]);
  const far = [...expected.parts].map(([name, numbers]) => [name, distance(received.parts.get(name)!, numbers)]);
  expect(far.filter(([, share]) => !(Number(share) < RELATIVE))).toEqual([]);
}

const separable = { block: "separable", expansion: 1, squeezeExcite: null, residual: false } as const;
const inverted = { block: "invertedResidual", expansion: 2, squeezeExcite: null, residual: true } as const;
const universal = { ...inverted, block: "universalInvertedBottleneck" } as const;
const fused = { ...inverted, block: "fusedMbconv" } as const;
const squeezed = { ratio: 0.25, of: "expanded", divisor: 8, activation: "relu", gate: "hardSigmoid" } as const;
const row = { kernel: 3, stride: 1, channels: 8, repeats: 2 } as const;

/** Of a stem, this row and a classifier. */
const withRow = (stage: Stage, changes: Partial<Architecture> = {}) =>
  tinyNetwork({
    name: "row",
    classes: 2,
    channels: 1,
    resolution: 8,
    stages: [stage],
    dropout: 0,
    dropPath: 0,
    head: { conv: null, hidden: null, activation: "relu" },
    ...changes,
  });

const networks: readonly (readonly [string, Architecture])[] = [
  ["separable blocks, relu6", withRow({ ...separable, ...row, activation: "relu6" })],
  [
    "separable blocks, relu, 5×5, stride 2",
    withRow({ ...separable, ...row, kernel: 5, stride: 2, activation: "relu" }),
  ],
  ["inverted residuals, relu6", withRow({ ...inverted, ...row, activation: "relu6" })],
  ["inverted residuals, hardSwish", withRow({ ...inverted, ...row, activation: "hardSwish" })],
  ["inverted residuals, silu, 7×7", withRow({ ...inverted, ...row, kernel: 7, activation: "silu" })],
  [
    "inverted residuals, squeeze-excite of MobileNetV3",
    withRow({ ...inverted, ...row, activation: "hardSwish", squeezeExcite: squeezed }),
  ],
  [
    "inverted residuals, squeeze-excite of EfficientNet",
    withRow({
      ...inverted,
      ...row,
      activation: "silu",
      squeezeExcite: { ...squeezed, of: "input", divisor: 1, activation: "silu", gate: "sigmoid" },
    }),
  ],
  ["fused blocks, silu, squeeze-excite", withRow({ ...fused, ...row, activation: "silu", squeezeExcite: squeezed })],
  ["fused blocks, relu, stride 2, 5×5", withRow({ ...fused, ...row, kernel: 5, stride: 2, activation: "relu" })],
  ["fused blocks without expansion", withRow({ ...fused, ...row, expansion: 1, activation: "silu" })],
  ["universal blocks, both filters", withRow({ ...universal, ...row, startKernel: 5, activation: "relu" })],
  [
    "universal blocks, the first filter alone, stride 2",
    withRow({ ...universal, ...row, startKernel: 3, kernel: 1, stride: 2, activation: "relu" }),
  ],
  ["universal blocks, no filter", withRow({ ...universal, ...row, kernel: 1, activation: "relu" })],
  ["drop path", withRow({ ...inverted, ...row, repeats: 3, activation: "relu" }, { dropPath: 0.5 })],
  [
    "dropout after a hidden layer",
    withRow(
      { ...separable, ...row, activation: "relu" },
      { dropout: 0.4, head: { conv: 16, hidden: 16, activation: "hardSwish" } },
    ),
  ],
];

const plain: Recipe = {
  ...quickRecipe,
  optimizer: { kind: "sgd", momentum: 0, nesterov: false },
  batchSize: BATCH,
  weightDecay: 0,
  warmupEpochs: 0,
  augmentation: { shift: 0, flip: false, erase: 0 },
};

const recipes: readonly (readonly [string, Partial<Recipe>])[] = [
  ["Nesterov's momentum, decay", { optimizer: { kind: "sgd", momentum: 0.9, nesterov: true }, weightDecay: 1e-2 }],
  ["RMSProp", { optimizer: { kind: "rmsprop", decay: 0.9, momentum: 0.9, epsilon: 1e-3 }, learningRate: 0.01 }],
  ["AdamW", { optimizer: { kind: "adamw", beta1: 0.9, beta2: 0.999, epsilon: 1e-3 }, learningRate: 1e-3 }],
  ["LAMB", { optimizer: { kind: "lamb", beta1: 0.9, beta2: 0.999, epsilon: 1e-3 }, learningRate: 0.01 }],
  ["averages", { ema: 0.9 }],
  ["clipped gradients", { clipNorm: 0.1 }],
];

// A chip in software takes its time over each new shader.
describe.each(devices)("on $name", { timeout: 240_000 }, ({ engine, missing }) => {
  test.for(networks)("loss and every gradient: %s", async ([, architecture], { skip }) => {
    if (engine === null) return skip(missing);
    const each = { architecture, recipe: plain, steps: 1 };
    expectAgreement(await gradientsOf(engine, each), await gradientsOf(reference, each));
  });

  const architecture = tinyNetwork({ name: "everything", classes: 2, channels: 1, resolution: 8 });
  test.for(recipes)("loss and state after three steps: %s", async ([, changes], { skip }) => {
    if (engine === null) return skip(missing);
    const each = { architecture, recipe: { ...plain, ...changes }, steps: 3 };
    expectAgreement(await stateOf(engine, each), await stateOf(reference, each));
  });
});
