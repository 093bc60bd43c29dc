/** Graphs to plan: by hand, and at random. */
import fc from "fast-check";
import { type Graph, image, sameShape, type Value } from "../../ir/index.js";
import { createBuilder, type GraphBuilder } from "../../ops/index.js";

export const zeros = { initializer: { kind: "constant", value: 0 }, trainable: true, decay: false } as const;

export function pointwise(g: GraphBuilder, x: Value, channels: number): Value {
  const weight = g.parameter(`weight${x.id}.${channels}`, [channels, x.shape[1]!, 1, 1], zeros);
  return g.one("conv2d", [x, weight], { stride: 1, padding: [0, 0, 0, 0] });
}

/** 3 × 3, padded so that stride 1 keeps the map's extents and stride 2 halves them, rounded up. */
export function depthwise(g: GraphBuilder, x: Value, stride: number): Value {
  const weight = g.parameter(`filter${x.id}.${stride}`, [x.shape[1]!, 1, 3, 3], zeros);
  return g.one("depthwiseConv2d", [x, weight], { stride, padding: [1, 1, 1, 1] });
}

/** Random nodes over maps of several widths; whatever nothing reads is an output. */
export const randomGraph = (most: number): fc.Arbitrary<Graph> =>
  fc
    .array(fc.tuple(fc.integer({ min: 0, max: 7 }), fc.nat(), fc.nat()), { minLength: 1, maxLength: most })
    .map((choices) => {
      const g = createBuilder();
      const values = [g.input("a", image(1, 2, 3, 3)), g.input("b", image(1, 3, 3, 3))];
      choices.forEach(([kind, i, j], place) => {
        const x = values[i % values.length]!;
        const sameSize = values.filter((value) => sameShape(value.shape, x.shape));
        const nodes = [
          () => g.relu(x),
          () => g.add(x, sameSize[j % sameSize.length]!),
          () => pointwise(g, x, 1 + (j % 5)),
          () => g.mul(x, g.globalAveragePool(x)),
          () => g.sub(x, 1),
          () => g.one("unflatten", [g.flatten(x)], { shape: x.shape }),
          () => depthwise(g, x, 1),
          () => depthwise(g, x, 2),
        ];
        values.push(g.scope(`node${place}`, nodes[kind]!));
      });
      const read = new Set(g.build().nodes.flatMap((node) => node.inputs.map(({ id }) => id)));
      for (const value of values) if (!read.has(value.id)) g.output(value, `out${value.id}`);
      return g.build();
    });
