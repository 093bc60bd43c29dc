/** One table of cases per op: what goes in, and the shapes that come out, worked by hand. */
import {
  type DType,
  image,
  type OpName,
  type Padding,
  plain,
  type Shape,
  samePadding,
  type TensorType,
  type Vocabulary,
} from "../../ir/index.js";

/** Uniform in [from, to], rounded to float32, and not within `margin` of a kink. */
export type Range = {
  readonly from: number;
  readonly to: number;
  readonly kinks?: readonly number[];
  readonly integers?: boolean;
};

export type Input = TensorType & { readonly range: Range };

export type Case<Attributes> = {
  readonly name: string;
  readonly inputs: readonly Input[];
  readonly attributes: Attributes;
  readonly gives: readonly Shape[];
  /** Inputs to differentiate by, when not all. */
  readonly wrt?: readonly number[];
  /** Outputs that have gradients, when not all. */
  readonly differentiable?: readonly number[];
  /** Of float32 against float64, relative to the largest number of a tensor; by default 2e-6. */
  readonly tolerance?: number;
};

const anything: Range = { from: -2, to: 2 };
const positive: Range = { from: 0.5, to: 2 };
const of = (type: TensorType, range = anything): Input => ({ ...type, range });
const typed = (dtype: DType, shape: Shape, range: Range): Input => ({ ...plain(...shape), dtype, range });

type None = Record<never, never>;
const none: None = {};
const unary = (range: Range): Case<None>[] => [
  { name: "an image", inputs: [of(image(2, 3, 4, 5), range)], attributes: none, gives: [[2, 3, 4, 5]] },
  { name: "a matrix", inputs: [of(plain(3, 7), range)], attributes: none, gives: [[3, 7]] },
  { name: "a scalar", inputs: [of(plain(), range)], attributes: none, gives: [[]] },
];

const binary = (first: Range, second: Range): Case<None>[] => {
  const row = (name: string, a: TensorType, b: TensorType, gives: Shape): Case<None> => ({
    name,
    inputs: [of(a, first), of(b, second)],
    attributes: none,
    gives: [gives],
  });
  return [
    row("image and image", image(2, 3, 4, 5), image(2, 3, 4, 5), [2, 3, 4, 5]),
    row("image and a number per channel", image(2, 3, 4, 5), image(1, 3, 1, 1), [2, 3, 4, 5]),
    row("image and a gate", image(2, 3, 1, 1), image(2, 3, 4, 5), [2, 3, 4, 5]),
    row("column and row of images", image(2, 1, 4, 1), image(1, 3, 1, 5), [2, 3, 4, 5]),
    row("image and scalar", image(2, 3, 4, 5), plain(), [2, 3, 4, 5]),
    row("scalar and image", plain(), image(2, 3, 4, 5), [2, 3, 4, 5]),
    row("matrix and row", plain(4, 3), plain(3), [4, 3]),
    row("matrix and column", plain(4, 1), plain(4, 3), [4, 3]),
    row("scalars", plain(), plain(), []),
  ];
};

const square = (pixels: number): Padding => [pixels, pixels, pixels, pixels];
const same = (h: number, w: number, kernel: number, stride: number): Padding => {
  const [top, bottom] = samePadding(h, kernel, stride);
  const [left, right] = samePadding(w, kernel, stride);
  return [top, left, bottom, right];
};

type Geometry = {
  readonly name: string;
  readonly x: readonly [n: number, c: number, h: number, w: number];
  readonly out: number;
  readonly kernel: readonly [height: number, width: number];
  readonly stride: number;
  readonly padding: Padding;
  readonly y: readonly [h: number, w: number];
};

const k = (side: number): [number, number] => [side, side];

const denseGeometries: Geometry[] = [
  { name: "1×1", x: [3, 5, 4, 3], out: 2, kernel: k(1), stride: 1, padding: square(0), y: [4, 3] },
  { name: "1×1, one channel", x: [1, 1, 3, 3], out: 1, kernel: k(1), stride: 1, padding: square(0), y: [3, 3] },
  { name: "1×1, padded", x: [2, 3, 3, 4], out: 2, kernel: k(1), stride: 1, padding: square(1), y: [5, 6] },
  { name: "1×1, stride 2, even", x: [3, 2, 4, 6], out: 3, kernel: k(1), stride: 2, padding: square(0), y: [2, 3] },
  { name: "1×1, stride 2, odd", x: [1, 5, 5, 3], out: 1, kernel: k(1), stride: 2, padding: square(0), y: [3, 2] },
  { name: "3×3", x: [3, 5, 5, 4], out: 2, kernel: k(3), stride: 1, padding: square(1), y: [5, 4] },
  { name: "3×3, unpadded", x: [1, 2, 5, 4], out: 5, kernel: k(3), stride: 1, padding: square(0), y: [3, 2] },
  { name: "3×3, stride 2, odd", x: [3, 1, 5, 7], out: 5, kernel: k(3), stride: 2, padding: square(1), y: [3, 4] },
  { name: "3×3, stride 2, even", x: [1, 5, 6, 4], out: 2, kernel: k(3), stride: 2, padding: square(1), y: [3, 2] },
  {
    name: "3×3, stride 2, even by odd",
    x: [1, 2, 6, 5],
    out: 2,
    kernel: k(3),
    stride: 2,
    padding: square(1),
    y: [3, 3],
  },
  { name: "3×3, SAME, even", x: [3, 2, 6, 4], out: 1, kernel: k(3), stride: 2, padding: same(6, 4, 3, 2), y: [3, 2] },
  { name: "3×3, SAME, odd", x: [1, 2, 5, 7], out: 2, kernel: k(3), stride: 2, padding: same(5, 7, 3, 2), y: [3, 4] },
  { name: "5×5", x: [1, 2, 5, 6], out: 3, kernel: k(5), stride: 1, padding: square(2), y: [5, 6] },
  { name: "5×5, SAME, even", x: [3, 1, 6, 8], out: 2, kernel: k(5), stride: 2, padding: same(6, 8, 5, 2), y: [3, 4] },
  { name: "5×5, SAME, odd", x: [1, 2, 7, 5], out: 1, kernel: k(5), stride: 2, padding: same(7, 5, 5, 2), y: [4, 3] },
  { name: "1×3, lopsided", x: [2, 2, 4, 6], out: 3, kernel: [1, 3], stride: 1, padding: [0, 2, 1, 0], y: [5, 6] },
];

/** "Large" maps take the grouped form, all others the Toeplitz form: `convolution.test.ts` sees to it. */
const depthwiseGeometries: Geometry[] = [
  ...(
    [
      ["1×1", 3, 5, 4, 2, k(1), 1, square(0), 4, 2],
      ["1×1, stride 2", 1, 2, 3, 2, k(1), 2, square(0), 2, 1],
      ["3×3", 3, 5, 5, 4, k(3), 1, square(1), 5, 4],
      ["3×3, one place", 3, 5, 1, 1, k(3), 1, square(1), 1, 1],
      ["3×3, 7×7 map", 1, 1, 7, 7, k(3), 1, square(1), 7, 7],
      ["3×3, stride 2, odd", 1, 5, 5, 7, k(3), 2, square(1), 3, 4],
      ["3×3, stride 2, even", 3, 1, 6, 4, k(3), 2, square(1), 3, 2],
      ["3×3, SAME, even", 3, 2, 6, 4, k(3), 2, same(6, 4, 3, 2), 3, 2],
      ["5×5", 1, 2, 4, 6, k(5), 1, square(2), 4, 6],
      ["5×5, SAME, even", 3, 1, 6, 4, k(5), 2, same(6, 4, 5, 2), 3, 2],
      ["5×5, SAME, odd", 1, 5, 7, 5, k(5), 2, same(7, 5, 5, 2), 4, 3],
      ["1×1, large", 3, 2, 6, 7, k(1), 1, square(0), 6, 7],
      ["1×1, stride 2, large, odd", 1, 2, 9, 7, k(1), 2, square(0), 5, 4],
      ["1×1, stride 2, large, even", 1, 2, 8, 6, k(1), 2, square(0), 4, 3],
      ["3×3, large", 2, 2, 9, 9, k(3), 1, square(1), 9, 9],
      ["3×3, unpadded, large", 1, 3, 9, 10, k(3), 1, square(0), 7, 8],
      ["3×3, stride 2, large, odd", 1, 2, 11, 9, k(3), 2, square(1), 6, 5],
      ["3×3, stride 2, large, even", 3, 1, 10, 12, k(3), 2, square(1), 5, 6],
      ["3×3, stride 2, large, odd by even", 1, 2, 11, 10, k(3), 2, square(1), 6, 5],
      ["3×3, SAME, large, even", 3, 2, 10, 10, k(3), 2, same(10, 10, 3, 2), 5, 5],
      ["5×5, large", 1, 1, 15, 14, k(5), 1, square(2), 15, 14],
      ["5×5, SAME, large, even", 1, 1, 14, 16, k(5), 2, same(14, 16, 5, 2), 7, 8],
      ["5×5, SAME, large, odd", 2, 1, 15, 15, k(5), 2, same(15, 15, 5, 2), 8, 8],
      ["1×3, lopsided, large", 2, 2, 8, 8, [1, 3], 1, [0, 2, 1, 0], 9, 8],
      ["3×3, wide padding, large", 1, 2, 9, 10, k(3), 1, square(3), 13, 14],
    ] as const
  ).map(([name, n, c, h, w, kernel, stride, padding, outH, outW]) => ({
    name,
    x: [n, c, h, w] as const,
    out: c,
    kernel,
    stride,
    padding,
    y: [outH, outW] as const,
  })),
];

type Family = readonly [forward: "conv2d" | "depthwiseConv2d", weight: (geometry: Geometry) => TensorType];
const dense: Family = ["conv2d", ({ out, x, kernel }) => plain(out, x[1], ...kernel)];
const depthwise: Family = ["depthwiseConv2d", ({ out, kernel }) => plain(out, 1, ...kernel)];

const imageOf = (n: number, c: number, [h, w]: readonly [number, number]) => image(n, c, h, w);
const outputOf = ({ x, out, y }: Geometry) => imageOf(x[0], out, y);

function convolutions(geometries: readonly Geometry[], [, weight]: Family): Case<Vocabulary["conv2d"]>[] {
  return geometries.map((geometry, i) => {
    const bias = i % 2 === 0 ? [of(plain(geometry.out))] : [];
    return {
      name: `${geometry.name}${i % 2 === 0 ? ", bias" : ""}`,
      inputs: [of(image(...geometry.x)), of(weight(geometry)), ...bias],
      attributes: { stride: geometry.stride, padding: geometry.padding },
      gives: [outputOf(geometry).shape],
    };
  });
}

function inputGrads(geometries: readonly Geometry[], [, weight]: Family): Case<Vocabulary["conv2dInputGrad"]>[] {
  return geometries.map((geometry) => ({
    name: geometry.name,
    inputs: [of(outputOf(geometry)), of(weight(geometry))],
    attributes: { stride: geometry.stride, padding: geometry.padding, inputShape: geometry.x },
    gives: [geometry.x],
  }));
}

function weightGrads(geometries: readonly Geometry[], [, weight]: Family): Case<Vocabulary["conv2dWeightGrad"]>[] {
  return geometries.map((geometry) => ({
    name: geometry.name,
    inputs: [of(image(...geometry.x)), of(outputOf(geometry))],
    attributes: { stride: geometry.stride, padding: geometry.padding, weightShape: weight(geometry).shape },
    gives: [weight(geometry).shape],
  }));
}

const vector = (c: number, range = anything) => of(plain(c), range);

export const cases: { readonly [K in OpName]: readonly Case<Vocabulary[K]>[] } = {
  constant: [
    { name: "a matrix", inputs: [], attributes: { values: [1, -2, 0.5, 4, 5, 6], shape: [2, 3] }, gives: [[2, 3]] },
    { name: "a scalar", inputs: [], attributes: { values: [7], shape: [] }, gives: [[]] },
  ],

  add: binary(anything, anything),
  sub: binary(anything, anything),
  mul: binary(anything, anything),
  div: binary(anything, positive),
  exp: unary(anything),
  sqrt: unary(positive),
  lessEqual: binary({ from: -1, to: 2, integers: true }, { from: -1, to: 2, integers: true }),
  where: [
    {
      name: "images",
      inputs: [{ ...of(image(2, 3, 4, 5)), dtype: "bool" }, of(image(2, 3, 4, 5)), of(image(1, 3, 1, 1))],
      attributes: none,
      gives: [[2, 3, 4, 5]],
    },
    {
      name: "a condition per channel, a scalar",
      inputs: [{ ...of(image(1, 3, 1, 1)), dtype: "bool" }, of(plain()), of(image(2, 3, 2, 2))],
      attributes: none,
      gives: [[2, 3, 2, 2]],
    },
    {
      name: "matrices",
      inputs: [typed("bool", [4, 3], anything), of(plain(4, 1)), of(plain(3))],
      attributes: none,
      gives: [[4, 3]],
    },
  ],

  step: unary({ from: -2, to: 2, kinks: [0] }).map((row) => ({ ...row, wrt: [] })),
  between: [
    [0, 6],
    [-3, 3],
    [-1, 5],
  ].flatMap(([low, high]) =>
    unary({ from: -5, to: 9, kinks: [low!, high!] }).map((row) => ({
      ...row,
      name: `${row.name}, ${low} … ${high}`,
      attributes: { low: low!, high: high! },
      wrt: [],
    })),
  ),
  relu: unary({ from: -2, to: 2, kinks: [0] }),
  relu6: unary({ from: -3, to: 9, kinks: [0, 6] }),
  sigmoid: unary({ from: -6, to: 6 }),
  silu: unary({ from: -6, to: 6 }),
  hardSigmoid: unary({ from: -5, to: 5, kinks: [-3, 3] }),
  hardSwish: unary({ from: -5, to: 5, kinks: [-3, 3] }),

  conv2d: convolutions(denseGeometries, dense),
  conv2dInputGrad: inputGrads(denseGeometries, dense),
  conv2dWeightGrad: weightGrads(denseGeometries, dense),
  depthwiseConv2d: convolutions(depthwiseGeometries, depthwise),
  depthwiseInputGrad: inputGrads(depthwiseGeometries, depthwise),
  depthwiseWeightGrad: weightGrads(depthwiseGeometries, depthwise),

  matmul: [
    {
      name: "as they are",
      inputs: [of(plain(2, 3)), of(plain(3, 4))],
      attributes: { transposeA: false, transposeB: false },
      gives: [[2, 4]],
    },
    {
      name: "the first transposed",
      inputs: [of(plain(3, 2)), of(plain(3, 4))],
      attributes: { transposeA: true, transposeB: false },
      gives: [[2, 4]],
    },
    {
      name: "the second transposed",
      inputs: [of(plain(2, 3)), of(plain(4, 3))],
      attributes: { transposeA: false, transposeB: true },
      gives: [[2, 4]],
    },
    {
      name: "both transposed",
      inputs: [of(plain(3, 2)), of(plain(4, 3))],
      attributes: { transposeA: true, transposeB: true },
      gives: [[2, 4]],
    },
    {
      name: "row and column",
      inputs: [of(plain(1, 5)), of(plain(5, 1))],
      attributes: { transposeA: false, transposeB: false },
      gives: [[1, 1]],
    },
  ],

  batchNorm: (
    [
      [3, 5, 4, 3],
      [1, 1, 3, 3],
      [3, 5, 1, 1],
    ] as [number, number, number, number][]
  ).map((x) => ({
    name: x.join(" × "),
    inputs: [of(image(...x)), vector(x[1], positive), vector(x[1])],
    attributes: { epsilon: 1e-3 },
    gives: [x, [x[1]], [x[1]]],
    differentiable: [0],
    tolerance: 1e-5, // μ² is taken from the mean of the squares in float32
  })),
  batchNormGrad: [
    {
      name: "3 × 5 × 4 × 3",
      inputs: [of(image(3, 5, 4, 3)), of(image(3, 5, 4, 3)), vector(5), vector(5), vector(5, positive)],
      attributes: { epsilon: 1e-3 },
      gives: [[3, 5, 4, 3], [5], [5]],
      tolerance: 1e-5, // Σ dy · x − μ · Σ dy cancels
    },
  ],
  pointwiseNorm: (
    [
      [[3, 2, 4, 3], 5],
      [[2, 1, 3, 3], 1],
      [[5, 3, 1, 1], 2],
    ] as [[number, number, number, number], number][]
  ).map(([x, out]) => ({
    name: `${x.join(" × ")} to ${out}`,
    inputs: [of(image(...x)), of(plain(out, x[1], 1, 1)), vector(out, positive), vector(out)],
    attributes: { epsilon: 1e-3 },
    gives: [[x[0], out, x[2], x[3]], [out], [out]],
    differentiable: [0],
    tolerance: 2e-5, // the variance is taken from the inputs' covariance in float32
  })),
  pointwiseNormGrad: [
    {
      name: "3 × 2 × 4 × 3 to 5",
      inputs: [
        ...[of(image(3, 5, 4, 3)), of(image(3, 2, 4, 3)), of(plain(5, 2, 1, 1))],
        ...[vector(5), vector(5, positive)],
      ],
      attributes: { epsilon: 1e-3 },
      gives: [[3, 2, 4, 3], [5, 2, 1, 1], [5], [5]],
      tolerance: 1e-5,
    },
  ],
  batchNormInference: [
    {
      name: "3 × 5 × 4 × 3",
      inputs: [of(image(3, 5, 4, 3)), vector(5), vector(5), vector(5), vector(5, positive)],
      attributes: { epsilon: 1e-3 },
      gives: [[3, 5, 4, 3]],
      wrt: [0, 1, 2],
    },
    {
      name: "one channel",
      inputs: [of(image(1, 1, 3, 2)), vector(1), vector(1), vector(1), vector(1, positive)],
      attributes: { epsilon: 1e-5 },
      gives: [[1, 1, 3, 2]],
      wrt: [0, 1, 2],
    },
  ],

  channelSum: [
    { name: "3 × 5 × 4 × 2", inputs: [of(image(3, 5, 4, 2))], attributes: none, gives: [[5]] },
    { name: "one place", inputs: [of(image(2, 3, 1, 1))], attributes: none, gives: [[3]] },
  ],
  globalAveragePool: [
    { name: "3 × 5 × 4 × 2", inputs: [of(image(3, 5, 4, 2))], attributes: none, gives: [[3, 5, 1, 1]] },
    { name: "one place", inputs: [of(image(2, 3, 1, 1))], attributes: none, gives: [[2, 3, 1, 1]] },
  ],
  placeProducts: [
    {
      name: "3 × 5 × 4 × 2",
      inputs: [of(image(3, 5, 4, 2)), of(image(3, 5, 4, 2))],
      attributes: none,
      gives: [[3, 5, 1, 1]],
    },
    {
      name: "one place",
      inputs: [of(image(2, 3, 1, 1)), of(image(2, 3, 1, 1))],
      attributes: none,
      gives: [[2, 3, 1, 1]],
    },
  ],
  scaleShift: [
    {
      name: "3 × 5 × 4 × 2",
      inputs: [of(image(3, 5, 4, 2)), of(image(3, 5, 1, 1)), of(image(3, 5, 1, 1))],
      attributes: none,
      gives: [[3, 5, 4, 2]],
    },
  ],
  broadcastTo: [
    {
      name: "pooled to map",
      inputs: [of(image(2, 3, 1, 1))],
      attributes: { shape: [2, 3, 4, 5] },
      gives: [[2, 3, 4, 5]],
    },
    {
      name: "batch and width",
      inputs: [of(image(1, 3, 4, 1))],
      attributes: { shape: [2, 3, 4, 5] },
      gives: [[2, 3, 4, 5]],
    },
    { name: "column", inputs: [of(plain(3, 1))], attributes: { shape: [3, 4] }, gives: [[3, 4]] },
  ],
  sumTo: [
    {
      name: "map to pooled",
      inputs: [of(image(2, 3, 4, 5))],
      attributes: { shape: [2, 3, 1, 1] },
      gives: [[2, 3, 1, 1]],
    },
    {
      name: "batch and width",
      inputs: [of(image(2, 3, 4, 5))],
      attributes: { shape: [1, 3, 4, 1] },
      gives: [[1, 3, 4, 1]],
    },
    { name: "image to scalar", inputs: [of(image(2, 3, 4, 5))], attributes: { shape: [] }, gives: [[]] },
    { name: "matrix to column", inputs: [of(plain(4, 3))], attributes: { shape: [4, 1] }, gives: [[4, 1]] },
    { name: "matrix to vector", inputs: [of(plain(4, 3))], attributes: { shape: [3] }, gives: [[3]] },
    { name: "matrix to scalar", inputs: [of(plain(4, 3))], attributes: { shape: [] }, gives: [[]] },
    {
      name: "nothing to sum",
      inputs: [of(image(2, 3, 4, 5))],
      attributes: { shape: [2, 3, 4, 5] },
      gives: [[2, 3, 4, 5]],
    },
  ],

  reshape: [
    { name: "vector to weights", inputs: [of(plain(24))], attributes: { shape: [2, 3, 2, 2] }, gives: [[2, 3, 2, 2]] },
    { name: "one number to a scalar", inputs: [of(plain(1, 1))], attributes: { shape: [] }, gives: [[]] },
  ],
  flatten: [
    { name: "a map", inputs: [of(image(2, 3, 4, 5))], attributes: none, gives: [[2, 60]] },
    { name: "pooled", inputs: [of(image(3, 5, 1, 1))], attributes: none, gives: [[3, 5]] },
  ],
  unflatten: [
    { name: "a map", inputs: [of(plain(2, 60))], attributes: { shape: [2, 3, 4, 5] }, gives: [[2, 3, 4, 5]] },
    { name: "pooled", inputs: [of(plain(3, 5))], attributes: { shape: [3, 5, 1, 1] }, gives: [[3, 5, 1, 1]] },
  ],
  concat: [
    { name: "three vectors", inputs: [vector(2), vector(1), vector(4)], attributes: none, gives: [[7]] },
    { name: "one vector", inputs: [vector(3)], attributes: none, gives: [[3]] },
  ],
  split: [
    { name: "three pieces", inputs: [vector(7)], attributes: { sizes: [2, 1, 4] }, gives: [[2], [1], [4]] },
    {
      name: "two of three used",
      inputs: [vector(7)],
      attributes: { sizes: [2, 1, 4] },
      gives: [[2], [1], [4]],
      differentiable: [0, 2],
    },
    { name: "one piece", inputs: [vector(3)], attributes: { sizes: [3] }, gives: [[3]] },
  ],

  softmax: [
    { name: "3 images, 5 classes", inputs: [of(plain(3, 5))], attributes: none, gives: [[3, 5]] },
    { name: "one class", inputs: [of(plain(2, 1))], attributes: none, gives: [[2, 1]] },
  ],
  logSoftmax: [
    { name: "3 images, 5 classes", inputs: [of(plain(3, 5))], attributes: none, gives: [[3, 5]] },
    { name: "one class", inputs: [of(plain(2, 1))], attributes: none, gives: [[2, 1]] },
  ],
  pixelsToImage: [
    {
      name: "three channels",
      inputs: [typed("uint8", [2, 4, 5, 3], { from: 0, to: 255, integers: true })],
      attributes: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
      gives: [[2, 3, 4, 5]],
    },
    {
      name: "one channel",
      inputs: [typed("uint8", [1, 3, 3, 1], { from: 0, to: 255, integers: true })],
      attributes: { mean: [0.5], std: [0.5] },
      gives: [[1, 1, 3, 3]],
    },
  ],
};
