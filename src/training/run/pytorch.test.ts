/**
 * One training step against PyTorch 1.13 in double precision, with the same weights, images and labels: torchvision's networks where
 * the name says `torch-`, else the papers' as `scripts/golden/papers.py` writes them. `scripts/golden/training.ts` and `.py` made
 * the golden values; they also compare more networks, and every number of every gradient.
 *
 * What is kept here of a tensor is a digest: its norm, and a projection that tells where each number stands.
 */
import { expect, test } from "vitest";
import golden from "../testing/pytorch.json" with { type: "json" };
import { engine, interpreter, referenceInputs, runReferenceStep } from "../testing/reference-step.js";

type Golden = (typeof golden.cases)[number];

const caseNamed = (name: string, resolution: number): Golden =>
  golden.cases.find((step) => step.name === name && step.resolution === resolution)!;

/**
 * In float64 nothing but the digits kept here is lost. In float32, rounding decides on which side of a kink an activation falls
 * that lies within 1e-5 of it, and each such activation moves a gradient by its share: by a hundredth for ReLU6 with few channels, with
 * PyTorch's own float32 as with ours.
 */
test.for([
  { step: caseNamed("torch-mobilenet-v2", 64), runner: interpreter, tolerance: 1e-5 },
  { step: caseNamed("torch-mobilenet-v2", 64), runner: engine, tolerance: 5e-2 },
  { step: caseNamed("torch-mobilenet-v3-small", 64), runner: engine, tolerance: 1e-3 },
  { step: caseNamed("mobilenet-v3-small", 75), runner: engine, tolerance: 1e-3 },
  { step: caseNamed("torch-efficientnet-b0", 64), runner: engine, tolerance: 1e-3 },
])(
  "a step of $step.name × $step.width at $step.resolution px by $runner.name is PyTorch's within $tolerance",
  async ({ step, runner, tolerance }, context) => {
    if (runner.missing !== undefined) context.skip(runner.missing);
    const { tensors } = referenceInputs(step);
    const { loss, logits, gradients, nextStatistics } = await runReferenceStep(step, runner);
    const namesOf = (trainable: boolean) =>
      tensors.flatMap((tensor) => (tensor.trainable === trainable ? tensor.name : []));

    expect(Math.abs(loss - step.loss) / step.loss).toBeLessThan(1e-4);
    expect(norm(logits.map((value, i) => value - step.logits[i]!)) / norm(step.logits)).toBeLessThan(1e-4);
    expect(disagreements(namesOf(true), gradients, step.gradients, tolerance)).toEqual([]);
    expect(disagreements(namesOf(false), nextStatistics, step.statistics, 1e-4)).toEqual([]);
  },
);

/**
 * Names of the tensors whose digest is further off than `tolerance`.
 *
 * Measured by the norm there should be, though never by less than a tenth of what is usual for a tensor of that size and kind: some
 * gradients are zero in theory, such as that of a beta whose shift the next batch norm takes away again, and rounding is all
 * there is of them.
 */
function disagreements(
  names: readonly string[],
  tensors: ReadonlyMap<string, Float32Array>,
  expected: readonly (readonly number[])[],
  tolerance: number,
): string[] {
  expect(expected).toHaveLength(names.length);
  const rows = names.map((name, i) => ({ name, values: tensors.get(name)!, expected: expected[i]! }));
  const usual = new Map<string, { squares: number; count: number }>();
  for (const { name, values, expected } of rows) {
    const { squares, count } = usual.get(kindOf(name)) ?? { squares: 0, count: 0 };
    usual.set(kindOf(name), { squares: squares + expected[0]! ** 2, count: count + values.length });
  }
  return rows.flatMap(({ name, values, expected }) => {
    const { squares, count } = usual.get(kindOf(name))!;
    const scale = Math.max(expected[0]!, 0.1 * Math.sqrt((squares * values.length) / count));
    const error = Math.max(...digest(values).map((value, i) => Math.abs(value - expected[i]!))) / scale;
    return error <= tolerance ? [] : [`${name}: off by ${error.toExponential(1)}`];
  });
}

const kindOf = (name: string) => name.slice(name.lastIndexOf(".") + 1);

/** Norm and projection; cubing permutes the residues of 1013, so the factors are a shuffle of −1…1. */
function digest(values: ArrayLike<number>): [norm: number, projection: number] {
  let projection = 0;
  for (let i = 0; i < values.length; i++) projection += (values[i]! * (((i % 1013) ** 3 % 1013) - 506)) / 506;
  return [norm(values), projection];
}

function norm(values: ArrayLike<number>): number {
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += values[i]! ** 2;
  return Math.sqrt(squares);
}
