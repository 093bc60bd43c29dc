/** Convolutions worked by hand, and the forms that they take. The table of all cases is in `ops.test.ts`. */
import { describe, expect, test } from "vitest";
import { type Graph, image, type Padding, plain, samePadding, type TensorType, type Vocabulary } from "../ir/index.js";
import { createBuilder, macsOf } from "./index.js";
import { cases } from "./testing/cases.js";
import { onnxTypes, runners, trainingRunners } from "./testing/engine.js";

type Family =
  | "conv2d"
  | "conv2dInputGrad"
  | "conv2dWeightGrad"
  | "depthwiseConv2d"
  | "depthwiseInputGrad"
  | "depthwiseWeightGrad";

function graphOf<K extends Family>(op: K, a: TensorType, b: TensorType, attributes: Vocabulary[K]): Graph {
  const g = createBuilder();
  g.output(g.one(op, [g.input("a", a), g.input("b", b)], attributes), "y");
  return g.build();
}

const unpadded: Padding = [0, 0, 0, 0];
const one: Padding = [1, 1, 1, 1];
const upTo = (last: number) => Array.from({ length: last + 1 }, (_, i) => i);

const forward: readonly [
  name: string,
  graph: Graph,
  a: readonly number[],
  b: readonly number[],
  y: readonly number[],
][] = [
  [
    "conv2d, 2 × 2 on 0 … 8",
    graphOf("conv2d", image(1, 1, 3, 3), plain(1, 1, 2, 2), { stride: 1, padding: unpadded }),
    upTo(8),
    [1, 2, 3, 4],
    [27, 37, 57, 67], // 1·0 + 2·1 + 3·3 + 4·4 = 27
  ],
  [
    "conv2d mixes channels, image by image",
    graphOf("conv2d", image(2, 2, 1, 2), plain(2, 2, 1, 1), { stride: 1, padding: unpadded }),
    [1, 2, 3, 4, 5, 6, 7, 8], // image 1: 1 2 and 3 4; image 2: 5 6 and 7 8
    [1, 10, -1, 2],
    [31, 42, 5, 6, 75, 86, 9, 10],
  ],
  [
    "depthwise, a kernel of 0 … 8 on ones sums the taps that are inside",
    graphOf("depthwiseConv2d", image(1, 1, 3, 3), plain(1, 1, 3, 3), { stride: 1, padding: one }),
    Array(9).fill(1),
    upTo(8),
    [24, 33, 20, 27, 36, 21, 12, 15, 8], // corner: 4 + 5 + 7 + 8 = 24
  ],
  [
    "depthwise keeps channels apart",
    graphOf("depthwiseConv2d", image(2, 2, 1, 2), plain(2, 1, 1, 1), { stride: 1, padding: unpadded }),
    upTo(7),
    [1, 10],
    [0, 1, 20, 30, 4, 5, 60, 70],
  ],
];

test.for(runners)("forward by hand: $name", async ({ run, missing }, { skip }) => {
  skip(missing !== undefined, missing);
  for (const [name, graph, a, b, y] of forward) {
    const values = new Map([
      ["a", Float32Array.from(a)],
      ["b", Float32Array.from(b)],
    ]);
    expect(Array.from((await run(graph, values)).get("y")!), name).toEqual(y);
  }
});

const gradients: typeof forward = [
  [
    "conv2d: an input's gradient is the sum of the taps that saw it",
    graphOf("conv2dInputGrad", image(1, 1, 2, 2), plain(1, 1, 2, 2), {
      stride: 1,
      padding: unpadded,
      inputShape: [1, 1, 3, 3],
    }),
    [1, 1, 1, 1],
    [1, 2, 3, 4],
    [1, 3, 2, 4, 10, 6, 3, 7, 4],
  ],
  [
    "conv2d: a tap's gradient is the sum of the places that it saw",
    graphOf("conv2dWeightGrad", image(1, 1, 3, 3), image(1, 1, 2, 2), {
      stride: 1,
      padding: unpadded,
      weightShape: [1, 1, 2, 2],
    }),
    upTo(8),
    [1, 1, 1, 1],
    [8, 12, 20, 24], // 0 + 1 + 3 + 4 = 8
  ],
  [
    "depthwise, stride 2: the last row and column of a 4 × 4 map get nothing",
    graphOf("depthwiseInputGrad", image(1, 1, 1, 1), plain(1, 1, 3, 3), {
      stride: 2,
      padding: unpadded,
      inputShape: [1, 1, 4, 4],
    }),
    [2],
    upTo(8),
    [0, 2, 4, 0, 6, 8, 10, 0, 12, 14, 16, 0, 0, 0, 0, 0],
  ],
  [
    "depthwise: taps' gradients add up over the images",
    graphOf("depthwiseWeightGrad", image(2, 1, 1, 2), image(2, 1, 1, 1), {
      stride: 1,
      padding: unpadded,
      weightShape: [1, 1, 1, 2],
    }),
    [1, 2, 3, 4],
    [10, 100],
    [310, 420],
  ],
];

test.for(trainingRunners)("gradients by hand: $name", async ({ run, missing }, { skip }) => {
  skip(missing !== undefined, missing);
  for (const [name, graph, a, b, y] of gradients) {
    const values = new Map([
      ["a", Float32Array.from(a)],
      ["b", Float32Array.from(b)],
    ]);
    expect(Array.from((await run(graph, values)).get("y")!), name).toEqual(y);
  }
});

// x = 1, 2, 3, … along the width; taps 1, 10, 100, …: the digits of y show which places each output saw.
const digits = [
  { kernel: 3, width: 4, padding: [0, 1], y: [321, 43] },
  { kernel: 3, width: 5, padding: [1, 1], y: [210, 432, 54] },
  { kernel: 5, width: 4, padding: [1, 2], y: [43210, 432] },
  { kernel: 5, width: 5, padding: [2, 2], y: [32100, 54321, 543] },
] as const;

describe.each(digits)("SAME padding, stride 2: kernel $kernel on $width places", ({ kernel, width, padding, y }) => {
  test("puts the odd pixel at the end", () => {
    expect(samePadding(width, kernel, 2)).toEqual(padding);
    expect(y).toHaveLength(Math.ceil(width / 2));
  });

  test.for(runners)("on $name", async ({ run, missing }, { skip }) => {
    skip(missing !== undefined, missing);
    const attributes = { stride: 2, padding: [0, padding[0], 0, padding[1]] } as const;
    const values = new Map([
      ["a", Float32Array.from(upTo(width - 1), (i) => i + 1)],
      ["b", Float32Array.from(upTo(kernel - 1), (i) => 10 ** i)],
    ]);
    for (const op of ["conv2d", "depthwiseConv2d"] as const) {
      const graph = graphOf(op, image(1, 1, 1, width), plain(1, 1, 1, kernel), attributes);
      expect(Array.from((await run(graph, values)).get("y")!), op).toEqual(y);
    }
  });
});

test("SAME without a stride pads k − 1 pixels, and a kernel within its stride none", () => {
  expect(samePadding(7, 3, 1)).toEqual([1, 1]);
  expect(samePadding(7, 4, 1)).toEqual([1, 2]);
  expect(samePadding(1, 5, 1)).toEqual([2, 2]);
  expect(samePadding(8, 1, 2)).toEqual([0, 0]);
  expect(samePadding(8, 2, 2)).toEqual([0, 0]);
});

describe("forms", () => {
  const [x, y, w] = [image(3, 4, 6, 6), image(3, 5, 6, 6), plain(5, 4, 1, 1)];
  const attributes = { stride: 1, padding: unpadded };

  test("channel-major, a pointwise convolution and its gradients are one matrix product each", () => {
    expect(onnxTypes(graphOf("conv2d", x, w, attributes), "channel-major")).toEqual(["MatMul"]);
    const inputGrad = graphOf("conv2dInputGrad", y, w, { ...attributes, inputShape: x.shape });
    expect(onnxTypes(inputGrad, "channel-major")).toEqual(["FusedMatMul"]);
    const weightGrad = graphOf("conv2dWeightGrad", x, y, { ...attributes, weightShape: w.shape });
    expect(onnxTypes(weightGrad, "channel-major")).toEqual(["FusedMatMul"]);
  });

  test("image-major, a convolution is ONNX's own", () => {
    expect(onnxTypes(graphOf("conv2d", x, w, attributes), "image-major")).toEqual(["Conv"]);
    const depthwise = graphOf("depthwiseConv2d", x, plain(4, 1, 3, 3), { stride: 1, padding: one });
    expect(onnxTypes(depthwise, "image-major")).toEqual(["Conv"]);
  });

  const toeplitz = [
    ["Pad", "Gather", "MatMul"],
    ["Pad", "Gather", "FusedMatMul"],
    ["FusedMatMul", "MatMul"],
  ];
  const grouped = (kernel: number, stride: number) => [
    ["Expand", "Conv"],
    ["Slice", ...(stride === 1 ? [] : ["MatMul"]), "Expand", "Conv"],
    ["Pad", ...Array(kernel).fill(["Slice", "FusedMatMul", "MatMul"]).flat(), "Concat"],
  ];

  test.each([
    { kernel: 3, h: 8, width: 9, stride: 1, form: toeplitz },
    { kernel: 3, h: 8, width: 9, stride: 2, form: toeplitz },
    { kernel: 3, h: 9, width: 9, stride: 1, form: grouped(3, 1) },
    { kernel: 3, h: 9, width: 9, stride: 2, form: grouped(3, 2) },
    { kernel: 5, h: 14, width: 14, stride: 1, form: toeplitz },
    { kernel: 5, h: 15, width: 14, stride: 2, form: grouped(5, 2) },
  ])(
    "of a depthwise convolution, kernel $kernel, stride $stride, on $h × $width",
    ({ kernel, h, width, stride, form }) => {
      const pad = (kernel - 1) / 2;
      const attributes = { stride, padding: [pad, pad, pad, pad] } as const;
      const [x, w] = [image(3, 2, h, width), plain(2, 1, kernel, kernel)];
      const y = image(3, 2, Math.ceil(h / stride), Math.ceil(width / stride));
      const graphs = [
        graphOf("depthwiseConv2d", x, w, attributes),
        graphOf("depthwiseInputGrad", y, w, { ...attributes, inputShape: x.shape }),
        graphOf("depthwiseWeightGrad", x, y, { ...attributes, weightShape: w.shape }),
      ];
      expect(graphs.map((graph) => onnxTypes(graph, "channel-major"))).toEqual(form);
    },
  );

  test("the table of cases holds both: the maps it calls large are grouped, the others not", () => {
    for (const { name, inputs, attributes } of cases.depthwiseConv2d) {
      const types = onnxTypes(graphOf("depthwiseConv2d", inputs[0]!, inputs[1]!, attributes), "channel-major");
      expect(types.includes("Conv"), name).toBe(name.includes("large"));
      expect(types.includes("Gather"), name).toBe(!name.includes("large"));
    }
  });
});

test("multiply-accumulates are those of the whole batch", () => {
  const macs = (graph: Graph) => macsOf(graph.nodes.at(-1)!);
  const attributes = { stride: 1, padding: one };
  const pointwise = { stride: 1, padding: unpadded };
  expect(macs(graphOf("conv2d", image(1, 32, 112, 112), plain(64, 32, 1, 1), pointwise))).toBe(25_690_112);
  expect(macs(graphOf("conv2d", image(3, 2, 5, 5), plain(4, 2, 3, 3), attributes))).toBe(3 * 4 * 25 * 2 * 9);
  expect(macs(graphOf("depthwiseConv2d", image(3, 2, 5, 5), plain(2, 1, 3, 3), attributes))).toBe(3 * 2 * 25 * 9);
});
