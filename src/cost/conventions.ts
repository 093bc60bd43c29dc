/**
 * The same graph counted as others count it. A figure of "peak memory" means little without the convention behind it: whether
 * a residual sum needs a map of its own, whether a depthwise convolution writes over its input, what a kernel needs beside
 * its tensors. Each convention here is a set of rules for the planner and a few sums, so a difference between two figures can
 * be followed part by part.
 */
import type { Graph, Node, OpName } from "../ir/index.js";
import { sizeOf } from "../ir/index.js";
import { defaultRules, planByRules } from "./memory-plan.js";
import { bytesOf, type MemoryRules, type NumberFormat } from "./storage.js";

export type MemoryConvention = {
  readonly name: string;
  readonly format: NumberFormat;
  readonly parts: readonly { readonly what: string; readonly bytes: number }[];
  /** Sum of the parts. */
  readonly bytes: number;
  /** What an implementation needs beside, and this figure leaves out. */
  readonly without: string;
  readonly source: string;
};

/** Activations that kernels apply to each number of a convolution before they store it. */
const fused = ["batchNormInference", "relu", "relu6"] as const satisfies readonly OpName[];

const plainRules = { inPlaceDepthwise: false, alignment: 1, scratch: () => 0 } as const;

/**
 * TF-Lite Micro with the kernels of CMSIS-NN on a Cortex-M with DSP extension: every tensor at a multiple of 16 bytes, sums
 * into a tensor of their own, scratch planned with the tensors.
 */
const tfliteMicro: MemoryRules = {
  ...plainRules,
  format: "int8",
  inPlace: new Set<OpName>(fused),
  alignment: 16,
  scratch: tfliteScratch,
};

/** TinyEngine: int8 depthwise convolutions in place, at stride 2 as well; sums into a tensor of their own. */
const tinyEngine: MemoryRules = {
  ...plainRules,
  format: "int8",
  inPlace: new Set<OpName>([...fused, "hardSwish"]),
  inPlaceDepthwise: true,
};

/**
 * ONNX Runtime's CPU kernels: clipping and sigmoids in place; sums and products into a tensor of their own; SiLU in one kernel
 * that needs its own output; h-swish as a hard sigmoid and a product, each with its output.
 */
const onnxRuntime: MemoryRules = {
  ...plainRules,
  format: "fp32",
  inPlace: new Set<OpName>([...fused, "sigmoid", "hardSigmoid"]),
  scratch: (node) => (node.op === "hardSwish" ? bytesOf(node.outputs[0]!, "fp32") : 0),
};

/** Bytes of an arena as ONNX Runtime's kernels fill it, fp32. `tests/memory.test.ts` holds it against a real run. */
export function onnxRuntimeBytes(graph: Graph): number {
  return planByRules(graph, onnxRuntime, "given").peakBytes;
}

/**
 * Peak memory of a graph under each convention. Figures are for the graph as it is given: build it folded, batch 1, as it
 * would be deployed.
 *
 * @source TF-Lite Micro `cmsis_nn/conv.cc`, `docs/memory_management.md`; CMSIS-NN `arm_nn_get_buffer_sizes…`; TinyEngine
 *   `GeneralMemoryScheduler.py`, `operators/conv2d.py`, `operators/depthwiseConv2d.py`; ONNX Runtime `activations.cc`,
 *   `element_wise_ops.cc`, `fused_conv.cc` (which kernels declare `MayInplace`)
 */
export function memoryConventions(graph: Graph): MemoryConvention[] {
  const planned = (rules: MemoryRules, order: "given" | "lowest") => planByRules(graph, rules, order).peakBytes;
  const own = (format: NumberFormat, inPlaceDepthwise = false) => {
    const bytes = planned(defaultRules({ format, inPlaceDepthwise }), "lowest");
    return {
      format,
      parts: [{ what: "activations, sums in place", bytes }],
      without: "scratch inside kernels, alignment",
    };
  };
  const tflmTensors = planned({ ...tfliteMicro, scratch: (node) => tfliteScratch(node) - cmsisScratch(node) }, "given");
  const conventions: Omit<MemoryConvention, "bytes">[] = [
    { name: "Bantam", source: "planMemory", ...own("int8") },
    { name: "Bantam, depthwise in place", source: "planMemory, inPlaceDepthwise", ...own("int8", true) },
    {
      name: "TF-Lite Micro + CMSIS-NN",
      format: "int8",
      parts: [
        { what: "activations, sums apart, to 16 bytes", bytes: tflmTensors },
        { what: "im2col scratch, where it raises the peak", bytes: planned(tfliteMicro, "given") - tflmTensors },
        { what: "multiplier and shift of every channel", bytes: 8 * sum(graph.nodes, outChannels) },
        { what: "12 bytes for every tensor", bytes: 12 * tensorCount(graph) },
      ],
      without: "node and kernel records, stack; the classifier is counted as a convolution",
      source: "David et al. 2021, arXiv:2010.08678; tflite-micro, CMSIS-NN",
    },
    {
      name: "TinyEngine",
      format: "int8",
      parts: [
        { what: "activations, depthwise in place, sums apart", bytes: planned(tinyEngine, "given") },
        { what: "im2col and channel buffer, 16 bit", bytes: max(graph.nodes, tinyEngineColumns) },
        { what: "kernel buffer, 16 bit", bytes: max(graph.nodes, tinyEngineKernel) },
      ],
      without: "stack, other globals",
      source: "Lin et al. 2020, arXiv:2007.10319; tinyengine",
    },
    { name: "Bantam", source: "planMemory", ...own("fp32") },
    {
      name: "ONNX Runtime, CPU",
      format: "fp32",
      parts: [{ what: "activations, sums and swish apart", bytes: onnxRuntimeBytes(graph) }],
      without: "unused parts of its arena, packed weights, threads",
      source: "onnxruntime, MayInplace of its kernels",
    },
  ];
  return conventions.map((each) => ({ ...each, bytes: sum(each.parts, ({ bytes }) => bytes) }));
}

/** A figure of a paper to set beside these. */
export type PublishedMemory = {
  readonly network: string;
  readonly width: number;
  readonly resolution: number;
  readonly bytes: number;
  /** What is known of how it was counted. */
  readonly note: string;
  readonly source: string;
};

/** The sources write kB for 1024 bytes: only so does MCUNetV2's 1372 kB come out, and then to the byte. */
export const publishedMemory: readonly PublishedMemory[] = [
  {
    network: "mobilenet-v2",
    width: 1,
    resolution: 224,
    bytes: 1372 * 1024,
    note: "int8 activations with depthwise convolutions in place, counted and not measured",
    source: "Lin et al. 2021, MCUNetV2, arXiv:2110.15352, figure 1",
  },
  {
    network: "mobilenet-v2",
    width: 0.35,
    resolution: 144,
    bytes: 308 * 1024,
    note:
      "int8, profiled with TinyEngine on an STM32F746, so with stack and globals, which no count of ours includes. Its last " +
      "convolution has 448 channels and not 1280, which changes its weights and not its memory.",
    source: "Lin et al. 2020, MCUNet, arXiv:2007.10319; mit-han-lab/mcunet, model list, mbv2-320kB",
  },
];

const sum = <T>(items: readonly T[], numberOf: (item: T) => number) =>
  items.reduce((total, item) => total + numberOf(item), 0);
const max = <T>(items: readonly T[], numberOf: (item: T) => number) => Math.max(0, ...items.map(numberOf));

type Convolution = { readonly depthwise: boolean; readonly inChannels: number; readonly outChannels: number } & Extents;
type Extents = { readonly kernel: number; readonly height: number; readonly width: number };

function convolutionOf({ op, inputs }: Node): Convolution | null {
  if (op !== "conv2d" && op !== "depthwiseConv2d") return null;
  const [x, weight] = inputs;
  const [, inChannels, height, width] = x!.shape as [number, number, number, number];
  const [outChannels, , kernel] = weight!.shape as [number, number, number, number];
  return { depthwise: op === "depthwiseConv2d", inChannels, outChannels, kernel, height, width };
}

const outChannels = (node: Node) => convolutionOf(node)?.outChannels ?? 0;

/** Activations, and the weights and bias of each convolution. Fused activations and views have no tensor of their own. */
function tensorCount(graph: Graph): number {
  const own = new Set<OpName>([...fused, "constant", "flatten", "reshape", "unflatten"]);
  const written = graph.nodes.filter(({ op }) => !own.has(op)).length;
  const convolutions = graph.nodes.filter((node) => convolutionOf(node) !== null).length;
  return graph.inputs.length + written + 2 * convolutions;
}

/**
 * `arm_convolve_s8`: two columns of 16 bits, their length a multiple of four; none for 1 × 1. `arm_depthwise_conv_s8_opt`: one
 * column of all channels.
 */
function cmsisScratch(node: Node): number {
  const convolution = convolutionOf(node);
  if (convolution === null) return 0;
  const { depthwise, kernel, inChannels } = convolution;
  const column = kernel * kernel * inChannels;
  if (depthwise) return 2 * column;
  return kernel === 1 ? 0 : 2 * 2 * 4 * Math.ceil(column / 4);
}

/** SiLU is two nodes there, a sigmoid and a product: while the product is taken, three maps exist. */
function tfliteScratch(node: Node): number {
  return node.op === "silu" ? bytesOf(node.outputs[0]!, "int8") : cmsisScratch(node);
}

/** `get_sbuf_size`: two columns of 16 bits; for a depthwise convolution one padded channel, twice. */
function tinyEngineColumns(node: Node): number {
  const convolution = convolutionOf(node);
  if (convolution === null) return 0;
  const { depthwise, kernel, inChannels, height, width } = convolution;
  const margin = kernel - 1;
  return depthwise ? 2 * (height + margin) * (width + margin) : 2 * 2 * kernel * kernel * inChannels;
}

/** `get_kbuf_size`: the weights of a convolution wider than 1 × 1, in 16 bits. */
function tinyEngineKernel(node: Node): number {
  const convolution = convolutionOf(node);
  if (convolution === null || convolution.depthwise || convolution.kernel === 1) return 0;
  return 2 * sizeOf(node.inputs[1]!.shape);
}
