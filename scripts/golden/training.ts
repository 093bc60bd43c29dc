/**
 * Writes one training step of several networks, what goes in and what comes out, for `training.py` to compare with PyTorch.
 *
 *     npm run golden:training FOLDER && python3 scripts/golden/training.py FOLDER
 *
 * The step runs as it is shipped and in our interpreter, in double precision. After the image, the `.bin` holds for each of the two
 * the gradients and the weights after the step, in the order of the trainable tensors, and the running statistics after it, in the
 * order of the others.
 */
import { join } from "node:path";
import {
  engine,
  interpreter,
  LEARNING_RATE,
  referenceInputs,
  runReferenceStep,
  type StepCase,
} from "../../src/training/testing/reference-step.js";
import { outputFolder, writeCase } from "./exchange.js";

/**
 * Cases that are `tested` become golden values of the tests. `awayFromKinks` are those whose images were chosen so that rounding
 * moves no activation across a kink: there float32 must agree as where the network is smooth.
 */
type Case = StepCase & { readonly tested: boolean; readonly awayFromKinks?: true };

/** Smoothing as in `quickRecipe`, and none. */
const both = (name: string, width: number, resolution: number, tested?: 0 | 0.05) =>
  [0, 0.05].map(
    (labelSmoothing): Case => ({ name, width, resolution, labelSmoothing, tested: tested === labelSmoothing }),
  );

const cases: readonly Case[] = [
  {
    name: "torch-mobilenet-v2",
    width: 1,
    resolution: 64,
    labelSmoothing: 0,
    imageSeed: 35,
    tested: false,
    awayFromKinks: true,
  },
  {
    name: "torch-mobilenet-v2",
    width: 0.35,
    resolution: 64,
    labelSmoothing: 0,
    imageSeed: 24,
    tested: false,
    awayFromKinks: true,
  },
  ...both("torch-mobilenet-v2", 1, 64),
  ...both("torch-mobilenet-v2", 0.35, 64, 0),
  ...both("torch-mobilenet-v3-small", 1, 64, 0.05),
  ...both("torch-efficientnet-b0", 1, 64, 0.05),
  ...both("mobilenet-v1", 1, 64),
  ...both("mobilenet-v2", 1, 75),
  ...both("mobilenet-v3-small", 1, 75, 0),
  ...both("mnasnet-a1", 1, 64),
  ...both("efficientnet-b0", 1, 75),
];

const folder = await outputFolder();
for (const [i, step] of cases.entries()) {
  const { architecture, tensors, weights, image, labels } = referenceInputs(step);
  const results = [await runReferenceStep(step, engine), await runReferenceStep(step, interpreter)];
  const trainable = tensors.filter((tensor) => tensor.trainable);
  const statistics = tensors.filter((tensor) => !tensor.trainable);
  const facts = {
    ...step,
    classes: architecture.classes,
    epsilon: architecture.norm.epsilon,
    momentum: architecture.norm.momentum,
    learningRate: LEARNING_RATE,
    tensors,
    image: image.dims,
    labels,
    results: results.map(({ loss, logits }) => ({ loss, logits })),
  };
  const { name, width, resolution, labelSmoothing } = step;
  const file = `${String(i).padStart(2, "0")} ${name}-${width}@${resolution}, smoothing ${labelSmoothing}`;
  await writeCase(join(folder, file), facts, [
    ...tensors.map((tensor) => weights.get(tensor.name)!),
    image.data,
    ...results.flatMap(({ gradients, nextWeights, nextStatistics }) => [
      ...trainable.map((tensor) => gradients.get(tensor.name)!),
      ...trainable.map((tensor) => nextWeights.get(tensor.name)!),
      ...statistics.map((tensor) => nextStatistics.get(tensor.name)!),
    ]),
  ]);
}
