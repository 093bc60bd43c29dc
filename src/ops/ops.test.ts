/**
 * Every op, case by case: the shapes it infers, its gradient against finite differences of the interpreter, and both of its
 * lowerings on every engine against the interpreter. The cases are in `testing/cases.ts`.
 */
import { describe, expect, test } from "vitest";
import { differentiate, withoutUnusedNodes } from "../autodiff/index.js";
import { createRng, type Rng } from "../base/index.js";
import {
  type Graph,
  type OpName,
  type Shape,
  sizeOf,
  type TensorType,
  type Value,
  type Vocabulary,
  verify,
} from "../ir/index.js";
import { lower } from "../onnx/index.js";
import type { TensorData } from "../runtime/index.js";
import { createBuilder, inferNode, recordOf } from "./index.js";
import { noGradient } from "./record.js";
import { type Case, cases, type Input, type Range } from "./testing/cases.js";
import "./testing/close.js";
import { finiteDifferences, weightedSum } from "./testing/differences.js";
import { engines } from "./testing/engine.js";
import { evaluate } from "./testing/interpreter.js";

/** Ops of the training step alone; the code refuses to lower them for deployment. */
const trainingOps: ReadonlySet<OpName> = new Set([
  "conv2dInputGrad",
  "conv2dWeightGrad",
  "depthwiseInputGrad",
  "depthwiseWeightGrad",
  "batchNorm",
  "batchNormGrad",
  "pointwiseNorm",
  "pointwiseNormGrad",
  "placeProducts",
] as const);

for (const op of Object.keys(cases) as OpName[]) {
  describe(op, () => {
    for (const row of cases[op]) describe(row.name, () => testCase(op, row as Case<never>));
  });
}

function testCase<K extends OpName>(op: K, row: Case<Vocabulary[K]>): void {
  const { graph, inputs, outputs } = graphOf(op, row);
  const wrt = (row.wrt ?? [...inputs.keys()]).filter((i) => row.inputs[i]!.dtype === "float32");
  const smooth = (row.differentiable ?? [...outputs.keys()]).filter((i) => outputs[i]!.dtype !== "bool");
  const hasGradient = recordOf(op).vjp !== noGradient && wrt.length > 0 && smooth.length > 0;

  test("infers its shapes", () => {
    expect(outputs.map(({ shape }) => shape)).toEqual(row.gives);
    verify(graph, inferNode);
  });

  if (hasGradient) {
    test("has the gradient that finite differences have", () => {
      const names = wrt.map((i) => inputs[i]!.name);
      const { loss, gradients } = withGradients(graph, inputs, wrt, smooth);
      verify(gradients, inferNode);
      const values = draw(gradients.inputs, row.inputs, createRng(`${op} ${row.name}`));
      const computed = evaluate(gradients, values);
      for (const name of names) {
        expect(computed.get(`d ${name}`)!, name).toBeAllClose(finiteDifferences(loss, "loss", values, name), {
          shape: inputs.find((input) => input.name === name)!.shape,
        });
      }
    });
  }

  if (trainingOps.has(op)) {
    test("refuses the image-major layout", () => {
      expect(() => lower(graph, { name: op, layout: "image-major" })).toThrow(/^internal: .*channel-major only$/);
    });
  }

  for (const { name, layout, lanes, missing, run } of engines) {
    if (layout === "image-major" && trainingOps.has(op)) continue;
    test(`agrees on ${name}`, async ({ skip }) => {
      skip(missing !== undefined, missing);
      const filled = lanes === 1 ? row : withBatches(op, row, lanes);
      const { graph, inputs } = graphOf(op, filled);
      // Gradients of convolutions and batch norm are lowered channel-major only.
      const withRules = hasGradient && layout === "channel-major";
      const whole = withRules ? withGradients(graph, inputs, wrt, smooth).gradients : graph;
      const values = draw(whole.inputs, filled.inputs, createRng(`${op} ${row.name}`));
      const expected = evaluate(whole, values);
      const received = await run(whole, values);
      for (const output of whole.outputs) {
        const numbers = expected.get(output.name)!;
        const largest = numbers.reduce((most, number) => Math.max(most, Math.abs(number)), 1);
        expect(received.get(output.name)!, output.name).toBeAllClose(numbers, {
          // More images round more often.
          absolute: (row.tolerance ?? 2e-6) * largest * (lanes === 1 ? 1 : 4),
          relative: 0,
          shape: output.shape,
        });
      }
    });
  }
}

/** The same case with `factor` times the images, where it has any. */
function withBatches<K extends OpName>(op: K, row: Case<Vocabulary[K]>, factor: number): Case<Vocabulary[K]> {
  const shapes = Object.entries(row.attributes as Record<string, unknown>).filter((entry): entry is [string, Shape] =>
    ["shape", "inputShape"].includes(entry[0]),
  );
  const inputs = row.inputs.filter(({ axes }) => axes === "image").map(({ shape }) => shape);
  if (inputs.length === 0 && op !== "unflatten") return row;
  const all = [...inputs, ...shapes.map(([, shape]) => shape).filter(({ length }) => length === 4)];
  const batch = Math.max(...all.map(([n]) => n!));
  const wider = ([n, ...rest]: Shape): Shape => (n === batch ? [n * factor, ...rest] : [n!, ...rest]);
  return {
    ...row,
    attributes: {
      ...row.attributes,
      ...Object.fromEntries(shapes.map(([name, shape]) => [name, shape.length === 4 ? wider(shape) : shape])),
    },
    inputs: row.inputs.map((input) =>
      input.axes === "image" || op === "unflatten" ? { ...input, shape: wider(input.shape) } : input,
    ),
  };
}

/** The op alone. An engine takes no booleans, so a boolean input is a comparison of a number with zero. */
function graphOf<K extends OpName>(
  op: K,
  row: Case<Vocabulary[K]>,
): { graph: Graph; inputs: readonly Value[]; outputs: readonly Value[] } {
  const g = createBuilder();
  const inputs = row.inputs.map((type, i) =>
    g.input(`x${i}`, type.dtype === "bool" ? { ...type, dtype: "float32" } : type),
  );
  const operands = inputs.map((input, i) => (row.inputs[i]!.dtype === "bool" ? g.lessEqual(input, 0) : input));
  const outputs = g.apply(op, operands, row.attributes);
  for (const [i, output] of outputs.entries()) g.output(output, `y${i}`);
  return { graph: g.build(), inputs, outputs };
}

/** The graph with a random-weighted sum of its outputs as its only output; the graph with the sum's gradients as further outputs. */
function withGradients(
  graph: Graph,
  inputs: readonly Value[],
  wrt: readonly number[],
  smooth: readonly number[],
): { loss: Graph; gradients: Graph } {
  const g = createBuilder(graph);
  const sum = weightedSum(
    g,
    smooth.map((i) => graph.outputs[i]!),
  );
  const forward = g.build();
  const { builder, gradients } = differentiate(
    forward,
    sum,
    wrt.map((i) => inputs[i]!),
  );
  for (const [place, i] of wrt.entries()) builder.output(gradients[place]!, `d ${inputs[i]!.name}`);
  return { loss: { ...forward, outputs: [{ ...sum, name: "loss" }] }, gradients: withoutUnusedNodes(builder.build()) };
}

/** Numbers for the inputs of a case, and for the weights of the sum behind them. */
function draw(values: readonly Value[], inputs: readonly Input[], rng: Rng): Map<string, TensorData> {
  return new Map(
    values.map((value, i) => {
      const { range, dtype } = inputs[i] ?? { ...value, range: { from: -1, to: 1 } };
      return [value.name, drawTensor(value, dtype === "bool" ? { ...range, kinks: [0] } : range, rng.fork(value.name))];
    }),
  );
}

function drawTensor({ shape, dtype }: TensorType, { from, to, kinks = [], integers }: Range, rng: Rng): TensorData {
  const draw = (): number => {
    const number = integers ? from + rng.integer(to - from + 1) : from + (to - from) * rng.uniform();
    return kinks.some((kink) => Math.abs(number - kink) < 0.05) ? draw() : number;
  };
  const data = dtype === "uint8" ? new Uint8Array(sizeOf(shape)) : new Float32Array(sizeOf(shape));
  return data.map(draw);
}
