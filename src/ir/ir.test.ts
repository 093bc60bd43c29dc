import { describe, expect, test } from "vitest";
import { ShapeError } from "../base/index.js";
import { createBuilder, type GraphBuilder, inferNode } from "../ops/index.js";
import { type Graph, image, type Node, type Parameter, plain, print, type Value, verify } from "./index.js";

const weight: Omit<Parameter, "value"> = {
  initializer: { kind: "normal", deviation: 0.1 },
  trainable: true,
  decay: true,
};
const buffer: Omit<Parameter, "value"> = {
  initializer: { kind: "constant", value: 0 },
  trainable: false,
  decay: false,
};

/** A pointwise convolution, batch norm with running statistics, an activation. */
function smallGraph(): Graph {
  const g = createBuilder();
  const x = g.input("x", image(2, 3, 4, 4));
  g.scope("stem", () => {
    const y = g.one("conv2d", [x, g.parameter("weight", [5, 3, 1, 1], weight)], { stride: 1, padding: [0, 0, 0, 0] });
    const statistics = ["gamma", "beta", "mean", "variance"].map((name) =>
      g.parameter(name, [5], name === "gamma" || name === "beta" ? { ...weight, decay: false } : buffer),
    );
    const normalized = g.one("batchNormInference", [y, ...statistics], { epsilon: 0.001 });
    g.output(
      g.scope("act", () => g.relu6(normalized)),
      "features",
    );
  });
  return g.build();
}

test("print shows a line per value, in running order", () => {
  expect(print(smallGraph())).toMatchInlineSnapshot(`
    "input  %0 x: f32[2×3×4×4] image
    param  %1 stem.weight: f32[5×3×1×1]
    param  %3 stem.gamma: f32[5]
    param  %4 stem.beta: f32[5]
    buffer %5 stem.mean: f32[5]
    buffer %6 stem.variance: f32[5]
    %2: f32[2×5×4×4] = conv2d(%0, %1, stride=1, padding=[0,0,0,0])  # stem
    %7: f32[2×5×4×4] = batchNormInference(%2, %3, %4, %5, %6, epsilon=0.001)  # stem
    %8: f32[2×5×4×4] = relu6(%7)  # stem.act
    output %8 features
    "
  `);
});

describe("verify", () => {
  const graph = smallGraph();
  const failure = (broken: Graph) => {
    try {
      verify(broken, inferNode);
    } catch (error) {
      expect(error).toBeInstanceOf(ShapeError);
      return (error as ShapeError).message;
    }
    return "passed";
  };
  const withNodes = (nodes: readonly Node[]): Graph => ({ ...graph, nodes });
  const withOutput = (node: number, change: (value: Value) => Value): Graph =>
    withNodes(graph.nodes.map((each, i) => (i === node ? { ...each, outputs: each.outputs.map(change) } : each)));

  test("lets a well-formed graph pass", () => {
    expect(failure(graph)).toBe("passed");
  });

  test("catches a value used before it is defined", () => {
    expect(failure(withNodes(graph.nodes.toReversed()))).toBe(
      "internal: stem.act: expected a value that is defined earlier, received %7 stem",
    );
  });

  test("catches an output that nothing defines", () => {
    expect(failure(withNodes([]))).toBe(
      "internal: outputs: expected a value that is defined earlier, received %8 features",
    );
  });

  test("catches a value that is defined twice", () => {
    expect(failure(withNodes([...graph.nodes, graph.nodes[0]!]))).toBe(
      "internal: stem: expected a value to be defined once, received %2 stem again",
    );
    expect(failure({ ...graph, inputs: [graph.inputs[0]!, graph.inputs[0]!] })).toBe(
      "internal: inputs: expected a value to be defined once, received %0 x again",
    );
  });

  test("catches a shape, a dtype and axes that the op does not give", () => {
    expect(failure(withOutput(0, (value) => ({ ...value, shape: [2, 5, 4, 3] })))).toBe(
      "internal: stem: expected conv2d to give float32 [2, 5, 4, 4] image, received float32 [2, 5, 4, 3] image",
    );
    expect(failure(withOutput(0, (value) => ({ ...value, dtype: "bool" })))).toMatch(/received bool \[2, 5, 4, 4\]/);
    expect(failure(withOutput(0, (value) => ({ ...value, axes: "plain" })))).toMatch(/received .* plain$/);
  });

  test("catches an op with too many outputs", () => {
    const [first, ...rest] = graph.nodes;
    const twice = { ...first!, outputs: [first!.outputs[0]!, { ...first!.outputs[0]!, id: 99 }] } as Node;
    expect(failure(withNodes([twice, ...rest]))).toBe("internal: stem: expected 1 outputs, received 2");
  });

  test.each([[0], [-1], [1.5], [Number.NaN], [Number.POSITIVE_INFINITY]])("catches the extent %d", (extent) => {
    expect(failure({ ...graph, inputs: [{ ...graph.inputs[0]!, shape: [2, 3, extent, 4] }] })).toBe(
      `internal: inputs: expected positive integer extents, received [2, 3, ${extent}, 4]`,
    );
  });

  test("catches an image that has not four axes", () => {
    expect(failure({ ...graph, inputs: [{ ...graph.inputs[0]!, shape: [2, 3, 4] }] })).toBe(
      "internal: inputs: expected [N, C, H, W], received [2, 3, 4]",
    );
  });
});

describe("inputs that do not fit", () => {
  const misfit = (build: (g: GraphBuilder) => void) => {
    const g = createBuilder();
    try {
      g.scope("stage3", () => g.scope("block1", () => build(g)));
    } catch (error) {
      expect(error).toBeInstanceOf(ShapeError);
      expect((error as ShapeError).code).toBe("shape");
      return (error as ShapeError).facts;
    }
    throw new Error("nothing was thrown");
  };
  const at = "stage3.block1";
  const attributes = { stride: 1, padding: [0, 0, 0, 0] } as const;

  test("a convolution of other channels", () => {
    expect(
      misfit((g) => g.one("conv2d", [g.input("x", image(1, 96, 7, 7)), g.input("w", plain(8, 144, 1, 1))], attributes)),
    ).toEqual({ at, expected: "144 input channels", received: "image [1, 96, 7, 7] and plain [8, 144, 1, 1]" });
  });

  test("a convolution with a bias of another length, or of a plain value", () => {
    const operands = (g: GraphBuilder) => [g.input("x", image(1, 3, 7, 7)), g.input("w", plain(8, 3, 1, 1))];
    expect(misfit((g) => g.one("conv2d", [...operands(g), g.input("b", plain(3))], attributes))).toEqual({
      at,
      expected: "a bias of 8 numbers",
      received: "plain [3]",
    });
    expect(
      misfit((g) => g.one("conv2d", [g.input("x", plain(1, 3, 7, 7)), g.input("w", plain(8, 3, 1, 1))], attributes)),
    ).toMatchObject({ expected: "an image and weights [out, in, kH, kW]" });
  });

  test("depthwise weights for other channels", () => {
    expect(
      misfit((g) =>
        g.one("depthwiseConv2d", [g.input("x", image(1, 96, 7, 7)), g.input("w", plain(144, 1, 3, 3))], attributes),
      ),
    ).toEqual({
      at,
      expected: "weights for 96 channels",
      received: "image [1, 96, 7, 7] and plain [144, 1, 3, 3]",
      hint: "a depthwise convolution has as many groups as input channels",
    });
  });

  test("a kernel larger than the map", () => {
    expect(
      misfit((g) => g.one("conv2d", [g.input("x", image(1, 3, 4, 2)), g.input("w", plain(8, 3, 5, 3))], attributes)),
    ).toEqual({
      at,
      expected: "a map at least as large as the 5 × 3 kernel",
      received: "image [1, 3, 4, 2] and plain [8, 3, 5, 3]",
      hint: "raise the resolution",
    });
    expect(
      misfit((g) =>
        g.one("depthwiseConv2d", [g.input("x", image(1, 3, 4, 2)), g.input("w", plain(3, 1, 3, 3))], attributes),
      ),
    ).toMatchObject({ expected: "a map at least as large as the kernel", hint: "raise the resolution" });
  });

  test("an image with a vector", () => {
    expect(misfit((g) => g.add(g.input("x", image(2, 3, 4, 4)), g.input("v", plain(4))))).toEqual({
      at,
      expected: "images with images or scalars",
      received: "image [2, 3, 4, 4] and plain [4]",
      hint: "reshape a vector of channels to an image [1, C, 1, 1]",
    });
  });

  test("extents that do not broadcast", () => {
    expect(misfit((g) => g.mul(g.input("a", plain(2, 3)), g.input("b", plain(2))))).toEqual({
      at,
      expected: "shapes that broadcast",
      received: "plain [2, 3] and plain [2]",
    });
  });

  test("batch norm of other channels", () => {
    expect(
      misfit((g) =>
        g.apply("batchNorm", [g.input("x", image(2, 3, 4, 4)), g.input("gamma", plain(3)), g.input("beta", plain(4))], {
          epsilon: 1e-3,
        }),
      ),
    ).toEqual({ at, expected: "vectors of 3 numbers", received: "image [2, 3, 4, 4] and plain [4]" });
  });

  test("an image under another shape", () => {
    expect(misfit((g) => g.reshape(g.input("x", image(2, 3, 4, 4)), [96]))).toEqual({
      at,
      expected: "a plain value",
      received: "image [2, 3, 4, 4]",
      hint: "flatten an image first: how it is stored is up to the lowering",
    });
    expect(misfit((g) => g.reshape(g.input("x", plain(2, 3)), [7]))).toMatchObject({ expected: "7 numbers" });
  });

  test("pixels of another type", () => {
    expect(
      misfit((g) => g.one("pixelsToImage", [g.input("x", plain(1, 4, 4, 3))], { mean: [0, 0, 0], std: [1, 1, 1] })),
    ).toMatchObject({ expected: "uint8 pixels [N, H, W, C]" });
    expect(
      misfit((g) =>
        g.one("pixelsToImage", [g.input("x", { ...plain(1, 4, 4, 1), dtype: "uint8" })], { mean: [0, 0], std: [1, 1] }),
      ),
    ).toMatchObject({ expected: "mean and std of 1 channels" });
  });

  test("sums and broadcasts to a shape that does not follow", () => {
    expect(misfit((g) => g.sumTo(g.input("x", plain(2, 3)), [2]))).toMatchObject({
      expected: "a shape that sums to [2]",
    });
    expect(misfit((g) => g.broadcastTo(g.input("x", plain(2, 3)), [4, 3]))).toMatchObject({
      expected: "a shape that broadcasts to [4, 3]",
    });
  });
});
