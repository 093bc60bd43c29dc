/**
 * The reference interpreter: each op as its `formula` says, in float64, on `[N, C, H, W]`, one number at a time. It shares no
 * code with the lowerings, so that the two can be held against each other. Slow, and meant to be read.
 */
import type { Graph, NodeOf, OpName, Shape, Value, Vocabulary } from "../../ir/index.js";

/** What inputs and parameters hold, by name. */
export type Values = ReadonlyMap<string, Float64Array | Float32Array | Uint8Array>;

/** Row-major; booleans are 0 and 1. */
type Tensor = { readonly shape: Shape; readonly data: Float64Array };

/**
 * Runs a graph.
 *
 * @param values what every input and parameter holds, by name, row-major in the shape the graph gives it.
 * @returns what every output holds, by name.
 */
export function evaluate(graph: Graph, values: Values): Map<string, Float64Array> {
  const tensors = new Map<number, Tensor>();
  const open = ({ id, name, shape }: Value) => {
    const data = values.get(name);
    if (data === undefined) throw new Error(`no values for ${name}`);
    const size = shape.reduce((product, extent) => product * extent, 1);
    if (data.length !== size) throw new Error(`${name}: ${data.length} values for [${shape.join(", ")}]`);
    tensors.set(id, { shape, data: Float64Array.from(data) });
  };
  graph.inputs.forEach(open);
  for (const { value } of graph.parameters) open(value);
  for (const node of graph.nodes) {
    const outputs = evaluateNode(
      node,
      node.inputs.map(({ id }) => tensors.get(id)!),
    );
    node.outputs.forEach(({ id }, i) => {
      tensors.set(id, outputs[i]!);
    });
  }
  return new Map(graph.outputs.map(({ id, name }) => [name, tensors.get(id)!.data]));
}

function evaluateNode<K extends OpName>(node: NodeOf<K>, inputs: readonly Tensor[]): readonly Tensor[] {
  const rule: Rule<K> = rules[node.op];
  return rule(inputs as Operands, node);
}

/** As many as the op takes; which those are is checked when the graph is built. */
type Operands = readonly [Tensor, Tensor, Tensor, Tensor, Tensor];
type Rule<K extends OpName> = (inputs: Operands, node: NodeOf<K>) => readonly Tensor[];

/** `[n, c, i, j]` for an image. */
type Index = readonly number[];

function tensor(shape: Shape, numberAt: (index: Index) => number): Tensor {
  const data = new Float64Array(shape.reduce((product, extent) => product * extent, 1));
  const index = shape.map(() => 0);
  for (let place = 0; place < data.length; place++) {
    data[place] = numberAt(index);
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis]! === shape[axis]; axis--) index[axis] = 0;
  }
  return { shape, data };
}

/** Repeats the tensor along axes of extent 1 and along axes that it lacks in front. */
function at({ shape, data }: Tensor, index: Index): number {
  const lacking = index.length - shape.length;
  let place = 0;
  for (let axis = 0; axis < shape.length; axis++) {
    place = place * shape[axis]! + (shape[axis] === 1 ? 0 : index[lacking + axis]!);
  }
  return data[place]!;
}

/** Sums a function of the index over a whole shape. */
function sum(shape: Shape, numberAt: (index: Index) => number): number {
  return tensor(shape, numberAt).data.reduce((total, number) => total + number, 0);
}

const unary =
  <K extends OpName>(f: (x: number) => number): Rule<K> =>
  ([x]) => [{ shape: x.shape, data: x.data.map(f) }];

const binary =
  <K extends OpName>(f: (a: number, b: number) => number): Rule<K> =>
  ([a, b], { outputs }) => [tensor(outputs[0]!.shape, (index) => f(at(a, index), at(b, index)))];

/** Calls `visit` with the places in x, w and y of each product that a convolution sums up. */
function products(
  x: Shape,
  w: Shape,
  y: Shape,
  { stride, padding }: Vocabulary["conv2d"],
  depthwise: boolean,
  visit: (x: number, w: number, y: number) => void,
): void {
  const [batch, channels, height, width] = x as [number, number, number, number];
  const [, channelsPerKernel, kernelHeight, kernelWidth] = w as [number, number, number, number];
  const [, outChannels, outHeight, outWidth] = y as [number, number, number, number];
  const [top, left] = padding;
  for (let n = 0; n < batch; n++)
    for (let o = 0; o < outChannels; o++)
      for (let i = 0; i < outHeight; i++)
        for (let j = 0; j < outWidth; j++)
          for (let k = 0; k < channelsPerKernel; k++)
            for (let u = 0; u < kernelHeight; u++)
              for (let v = 0; v < kernelWidth; v++) {
                const c = depthwise ? o : k;
                const row = i * stride + u - top;
                const column = j * stride + v - left;
                if (row < 0 || row >= height || column < 0 || column >= width) continue; // padding is zero
                visit(
                  ((n * channels + c) * height + row) * width + column,
                  ((o * channelsPerKernel + k) * kernelHeight + u) * kernelWidth + v,
                  ((n * outChannels + o) * outHeight + i) * outWidth + j,
                );
              }
}

const zeros = (shape: Shape): Tensor => tensor(shape, () => 0);

const convolution =
  (depthwise: boolean): Rule<"conv2d" | "depthwiseConv2d"> =>
  ([x, w, b], { attributes, outputs }) => {
    const y = tensor(outputs[0]!.shape, ([, o]) => (b === undefined ? 0 : at(b, [o!])));
    products(x.shape, w.shape, y.shape, attributes, depthwise, (xi, wi, yi) => {
      y.data[yi]! += x.data[xi]! * w.data[wi]!;
    });
    return [y];
  };

const inputGrad =
  (depthwise: boolean): Rule<"conv2dInputGrad" | "depthwiseInputGrad"> =>
  ([dy, w], { attributes }) => {
    const dx = zeros(attributes.inputShape);
    products(dx.shape, w.shape, dy.shape, attributes, depthwise, (xi, wi, yi) => {
      dx.data[xi]! += dy.data[yi]! * w.data[wi]!;
    });
    return [dx];
  };

const weightGrad =
  (depthwise: boolean): Rule<"conv2dWeightGrad" | "depthwiseWeightGrad"> =>
  ([x, dy], { attributes }) => {
    const dw = zeros(attributes.weightShape);
    products(x.shape, dw.shape, dy.shape, attributes, depthwise, (xi, wi, yi) => {
      dw.data[wi]! += dy.data[yi]! * x.data[xi]!;
    });
    return [dw];
  };

/** `f` summed over N, H and W, for each channel. */
const perChannel = ([n, c, h, w]: Shape, f: (index: Index) => number): Tensor =>
  tensor([c!], ([channel]) => sum([n!, h!, w!], ([image, i, j]) => f([image!, channel!, i!, j!])));

const relu6 = (x: number) => Math.min(Math.max(x, 0), 6);
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const reshaped: Rule<"reshape" | "flatten" | "unflatten"> = ([x], { outputs }) => [
  { shape: outputs[0]!.shape, data: x.data },
];

const rules: { readonly [K in OpName]: Rule<K> } = {
  constant: (_, { attributes: { values, shape } }) => [{ shape, data: Float64Array.from(values) }],

  add: binary((a, b) => a + b),
  sub: binary((a, b) => a - b),
  mul: binary((a, b) => a * b),
  div: binary((a, b) => a / b),
  exp: unary(Math.exp),
  sqrt: unary(Math.sqrt),
  lessEqual: binary((a, b) => (a <= b ? 1 : 0)),
  where: ([condition, a, b], { outputs }) => [
    tensor(outputs[0]!.shape, (index) => (at(condition, index) === 1 ? at(a, index) : at(b, index))),
  ],

  step: unary((x) => (x > 0 ? 1 : 0)),
  between: (inputs, node) => unary((x) => (node.attributes.low < x && x < node.attributes.high ? 1 : 0))(inputs, node),
  relu: unary((x) => Math.max(x, 0)),
  relu6: unary(relu6),
  sigmoid: unary(sigmoid),
  silu: unary((x) => x * sigmoid(x)),
  hardSigmoid: unary((x) => relu6(x + 3) / 6),
  hardSwish: unary((x) => (x * relu6(x + 3)) / 6),

  conv2d: convolution(false),
  conv2dInputGrad: inputGrad(false),
  conv2dWeightGrad: weightGrad(false),
  depthwiseConv2d: convolution(true),
  depthwiseInputGrad: inputGrad(true),
  depthwiseWeightGrad: weightGrad(true),

  matmul: ([a, b], { attributes: { transposeA, transposeB }, outputs }) => {
    const inner = a.shape[transposeA ? 0 : 1]!;
    const first = (i: number, k: number) => at(a, transposeA ? [k, i] : [i, k]);
    const second = (k: number, j: number) => at(b, transposeB ? [j, k] : [k, j]);
    return [tensor(outputs[0]!.shape, ([i, j]) => sum([inner], ([k]) => first(i!, k!) * second(k!, j!)))];
  },

  batchNorm: ([x, gamma, beta], { attributes: { epsilon } }) => batchNormed([x, gamma, beta], epsilon),
  batchNormGrad: ([dy, x, gamma, mean, variance], { attributes: { epsilon } }) =>
    batchNormGradients([dy, x, gamma, mean, variance], epsilon),
  pointwiseNorm: ([x, w, gamma, beta], { attributes: { epsilon } }) =>
    batchNormed([pointwise(x, w), gamma, beta], epsilon),
  pointwiseNormGrad: ([dy, x, w, gamma, variance], { attributes: { epsilon } }) => {
    const map = pointwise(x, w);
    const [, mean] = batchNormed([map, gamma, gamma], epsilon);
    const [dMap, dGamma, dBeta] = batchNormGradients([dy, map, gamma, mean, variance], epsilon);
    const [n, out, h, width] = dy.shape as [number, number, number, number];
    const dx = tensor(x.shape, ([image, c, i, j]) =>
      sum([out], ([o]) => at(dMap, [image!, o!, i!, j!]) * at(w, [o!, c!, 0, 0])),
    );
    const dw = tensor(w.shape, ([o, c]) =>
      sum([n, h, width], ([image, i, j]) => at(dMap, [image!, o!, i!, j!]) * at(x, [image!, c!, i!, j!])),
    );
    return [dx, dw, dGamma, dBeta];
  },
  batchNormInference: (inputs, { attributes: { epsilon } }) => [normalized(inputs, epsilon)],

  channelSum: ([x]) => [perChannel(x.shape, (index) => at(x, index))],
  globalAveragePool: ([x]) => {
    const [n, c, h, w] = x.shape as [number, number, number, number];
    return [tensor([n, c, 1, 1], ([n, c]) => sum([h, w], ([i, j]) => at(x, [n!, c!, i!, j!])) / (h * w))];
  },
  placeProducts: ([a, b]) => {
    const [n, c, h, w] = a.shape as [number, number, number, number];
    return [
      tensor([n, c, 1, 1], ([n, c]) => sum([h, w], ([i, j]) => at(a, [n!, c!, i!, j!]) * at(b, [n!, c!, i!, j!]))),
    ];
  },
  scaleShift: ([x, scale, shift]) => [tensor(x.shape, (index) => at(x, index) * at(scale, index) + at(shift, index))],
  broadcastTo: ([x], { attributes: { shape } }) => [tensor(shape, (index) => at(x, index))],
  sumTo: ([x], { attributes: { shape } }) => {
    const lacking = x.shape.length - shape.length;
    const summed = x.shape.map((extent, axis) => (axis < lacking || shape[axis - lacking] === 1 ? extent : 1));
    return [
      tensor(shape, (index) =>
        sum(summed, (along) => {
          const place = along.map((step, axis) => step + (axis < lacking ? 0 : index[axis - lacking]!));
          return at(x, place);
        }),
      ),
    ];
  },

  reshape: reshaped,
  flatten: reshaped,
  unflatten: reshaped,
  concat: (vectors, { outputs }) => [
    { shape: outputs[0]!.shape, data: Float64Array.from(vectors.flatMap(({ data }) => [...data])) },
  ],
  split: ([x], { attributes: { sizes } }) =>
    sizes.map((size, i) => {
      const start = sizes.slice(0, i).reduce((total, each) => total + each, 0);
      return { shape: [size], data: x.data.slice(start, start + size) };
    }),

  softmax: ([x]) => [tensor(x.shape, ([n, k]) => Math.exp(at(x, [n!, k!]) - logSumExp(x, n!)))],
  logSoftmax: ([x]) => [tensor(x.shape, ([n, k]) => at(x, [n!, k!]) - logSumExp(x, n!))],
  pixelsToImage: ([x], { attributes: { mean, std }, outputs }) => [
    tensor(outputs[0]!.shape, ([n, c, i, j]) => (at(x, [n!, i!, j!, c!]) / 255 - mean[c!]!) / std[c!]!),
  ],
};

const divided = ({ shape, data }: Tensor, by: number): Tensor => ({ shape, data: data.map((number) => number / by) });

function normalized([x, gamma, beta, mean, variance]: Operands, epsilon: number): Tensor {
  return tensor(x.shape, (index) => {
    const c = [index[1]!];
    return (at(gamma, c) * (at(x, index) - at(mean, c))) / Math.sqrt(at(variance, c) + epsilon) + at(beta, c);
  });
}

function logSumExp(x: Tensor, n: number): number {
  const classes = x.shape[1]!;
  return Math.log(sum([classes], ([k]) => Math.exp(at(x, [n, k!]))));
}

function batchNormed([x, gamma, beta]: readonly [Tensor, Tensor, Tensor], epsilon: number): [Tensor, Tensor, Tensor] {
  const m = x.data.length / x.shape[1]!;
  const mean = divided(
    perChannel(x.shape, (index) => at(x, index)),
    m,
  );
  const variance = divided(
    perChannel(x.shape, (index) => (at(x, index) - at(mean, [index[1]!])) ** 2),
    m,
  );
  return [normalized([x, gamma, beta, mean, variance], epsilon), mean, variance];
}

function batchNormGradients(
  [dy, x, gamma, mean, variance]: readonly [Tensor, Tensor, Tensor, Tensor, Tensor],
  epsilon: number,
): [Tensor, Tensor, Tensor] {
  const m = x.data.length / x.shape[1]!;
  const deviation = (c: Index) => Math.sqrt(at(variance, c) + epsilon);
  const xHat = tensor(x.shape, (index) => (at(x, index) - at(mean, [index[1]!])) / deviation([index[1]!]));
  const dBeta = perChannel(x.shape, (index) => at(dy, index));
  const dGamma = perChannel(x.shape, (index) => at(dy, index) * at(xHat, index));
  const dx = tensor(x.shape, (index) => {
    const c = [index[1]!];
    return (at(gamma, c) / deviation(c)) * (at(dy, index) - at(dBeta, c) / m - (at(xHat, index) * at(dGamma, c)) / m);
  });
  return [dx, dGamma, dBeta];
}

/** A 1 × 1 convolution. */
function pointwise(x: Tensor, w: Tensor): Tensor {
  const [n, c, h, width] = x.shape as [number, number, number, number];
  return tensor([n, w.shape[0]!, h, width], ([image, o, i, j]) =>
    sum([c], ([k]) => at(x, [image!, k!, i!, j!]) * at(w, [o!, k!, 0, 0])),
  );
}
