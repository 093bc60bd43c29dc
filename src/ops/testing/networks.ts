/** Small random networks for property tests: a loss over everything that the papers' networks are made of. */
import fc from "fast-check";
import { createRng } from "../../base/index.js";
import { type Graph, image, plain, type Shape, samePadding, sizeOf, type Value } from "../../ir/index.js";
import { createBuilder, type GraphBuilder } from "../index.js";

type Activation = "relu" | "relu6" | "silu" | "hardSwish" | "sigmoid" | "hardSigmoid";

type Layer =
  | { readonly kind: "conv"; readonly kernel: number; readonly stride: number; readonly channels: number }
  | { readonly kind: "depthwise"; readonly kernel: number; readonly stride: number }
  | { readonly kind: "batchNorm" }
  | { readonly kind: "activation"; readonly of: Activation }
  | { readonly kind: "residual" }
  | { readonly kind: "squeezeExcite"; readonly channels: number };

export type Network = {
  readonly batch: number;
  readonly channels: number;
  readonly side: readonly [height: number, width: number];
  readonly classes: number;
  readonly layers: readonly Layer[];
  readonly seed: number;
};

const layers: fc.Arbitrary<Layer> = fc.oneof(
  fc.record({
    kind: fc.constant("conv" as const),
    kernel: fc.constantFrom(1, 3, 5),
    stride: fc.constantFrom(1, 2),
    channels: fc.integer({ min: 1, max: 5 }),
  }),
  fc.record({
    kind: fc.constant("depthwise" as const),
    kernel: fc.constantFrom(3, 5),
    stride: fc.constantFrom(1, 2),
  }),
  fc.constant({ kind: "batchNorm" as const }),
  fc.record({
    kind: fc.constant("activation" as const),
    of: fc.constantFrom<Activation>("relu", "relu6", "silu", "hardSwish", "sigmoid", "hardSigmoid"),
  }),
  fc.constant({ kind: "residual" as const }),
  fc.record({ kind: fc.constant("squeezeExcite" as const), channels: fc.integer({ min: 1, max: 3 }) }),
);

/** Sides from 4 to 9 px, so that depthwise convolutions take both of their forms. */
export const networks: fc.Arbitrary<Network> = fc.record({
  batch: fc.integer({ min: 2, max: 3 }),
  channels: fc.integer({ min: 1, max: 3 }),
  side: fc.tuple(fc.integer({ min: 4, max: 9 }), fc.integer({ min: 4, max: 9 })),
  classes: fc.integer({ min: 2, max: 4 }),
  layers: fc.array(layers, { minLength: 1, maxLength: 6 }),
  seed: fc.integer({ min: 0, max: 1_000_000 }),
});

/** Inputs `x` and `targets`; parameters with He-normal starts; one output, `loss`. */
export function lossGraph({ batch, channels, side, classes, layers }: Network): Graph {
  const g = createBuilder();
  const input = g.input("x", image(batch, channels, ...side));
  const features = layers.reduce((x, layer, i) => g.scope(`layer${i}`, () => append(g, x, layer)), input);
  const logits = g.scope("classifier", () => g.flatten(conv(g, g.globalAveragePool(features), 1, 1, classes)));
  const logarithms = g.logSoftmax(logits);
  const agreement = g.sumTo(g.mul(g.input("targets", plain(batch, classes)), logarithms), []);
  g.output(g.mul(agreement, -1 / batch), "loss");
  return g.build();
}

/** Float32 numbers for every input and parameter of a loss graph. */
export function startValues(graph: Graph, seed: number): Map<string, Float32Array> {
  const rng = createRng(seed);
  const fill = (name: string, shape: Shape, draw: () => number): [string, Float32Array] => [
    name,
    new Float32Array(sizeOf(shape)).map(draw),
  ];
  return new Map([
    ...graph.inputs.map(({ name, shape }) => fill(name, shape, name === "x" ? rng.normal : rng.uniform)),
    ...graph.parameters.map(({ value: { name, shape }, initializer }) =>
      fill(name, shape, () =>
        // Norms and biases are drawn near their start, not at it: at 0 and 1 too much would cancel.
        initializer.kind === "normal"
          ? initializer.deviation * rng.normal()
          : initializer.kind === "constant"
            ? initializer.value + 0.3 * rng.normal()
            : initializer.limit * (2 * rng.uniform() - 1),
      ),
    ),
  ]);
}

function append(g: GraphBuilder, x: Value, layer: Layer): Value {
  const channels = x.shape[1]!;
  switch (layer.kind) {
    case "conv":
      return conv(g, x, layer.kernel, layer.stride, layer.channels);
    case "depthwise": {
      const w = weight(g, [channels, 1, layer.kernel, layer.kernel]);
      return g.one("depthwiseConv2d", [x, w], same(x, layer.kernel, layer.stride));
    }
    case "batchNorm":
      return g.apply("batchNorm", [x, vector(g, "gamma", channels, 1), vector(g, "beta", channels, 0)], {
        epsilon: 1e-3,
      })[0]!;
    case "activation":
      return g.one(layer.of, [x], {});
    case "residual":
      return g.add(x, conv(g, x, 1, 1, channels));
    case "squeezeExcite": {
      const squeezed = g.scope("reduce", () => g.silu(conv(g, g.globalAveragePool(x), 1, 1, layer.channels)));
      return g.mul(
        x,
        g.scope("expand", () => g.hardSigmoid(conv(g, squeezed, 1, 1, channels))),
      );
    }
    default:
      return layer satisfies never;
  }
}

function conv(g: GraphBuilder, x: Value, kernel: number, stride: number, channels: number): Value {
  const operands = [x, weight(g, [channels, x.shape[1]!, kernel, kernel]), vector(g, "bias", channels, 0)];
  return g.one("conv2d", operands, same(x, kernel, stride));
}

function same(x: Value, kernel: number, stride: number) {
  const [top, bottom] = samePadding(x.shape[2]!, kernel, stride);
  const [left, right] = samePadding(x.shape[3]!, kernel, stride);
  return { stride, padding: [top, left, bottom, right] as const };
}

const weight = (g: GraphBuilder, shape: Shape) =>
  g.parameter("weight", shape, {
    initializer: { kind: "normal", deviation: Math.sqrt(2 / sizeOf(shape.slice(1))) },
    trainable: true,
    decay: true,
  });

const vector = (g: GraphBuilder, name: string, size: number, start: number) =>
  g.parameter(name, [size], { initializer: { kind: "constant", value: start }, trainable: true, decay: false });
