/** What a reader wants to know of memory plans: peaks in every format and order, and one plan as a picture shows it. */
import type { Graph, Node } from "../ir/index.js";
import { type MemoryOptions, type MemoryPlan, planMemory } from "./memory-plan.js";
import type { NumberFormat, Tensor } from "./storage.js";

export type Peak = {
  readonly bytes: number;
  /** Path of the node that runs when so much is needed first. */
  readonly at: string;
};

export type MemoryPeaks = {
  readonly format: NumberFormat;
  /** In the order of the graph. */
  readonly given: Peak;
  /** In the best order known. */
  readonly lowest: Peak & { readonly order: MemoryPlan["order"] };
  /** In the best order known, with depthwise convolutions that write over their input. */
  readonly inPlaceDepthwise: Peak & { readonly order: MemoryPlan["order"] };
};

/** The size of the arena in each number format. */
export function memoryPeaks(graph: Graph): MemoryPeaks[] {
  return (["fp32", "fp16", "int8"] as const).map((format) => {
    const peak = (options: Omit<MemoryOptions, "format">) => {
      const plan = planMemory(graph, { format, ...options });
      return { bytes: plan.peakBytes, at: peakNode(plan)?.path ?? "the end", order: plan.order };
    };
    const { bytes, at } = peak({ order: "given" });
    return {
      format,
      given: { bytes, at },
      lowest: peak({ order: "lowest" }),
      inPlaceDepthwise: peak({ order: "lowest", inPlaceDepthwise: true }),
    };
  });
}

const peakNode = ({ nodes, peakStep }: MemoryPlan): Node | undefined => nodes[peakStep];

/** `residual`: waits for the sum that ends a block. `other`: pools, gates and what is left. */
export type BufferRole = "input" | "convolution" | "depthwise" | "residual" | "scratch" | "other";

export type MemoryTimeline = Pick<MemoryPlan, "format" | "order" | "peakBytes" | "peakStep"> & {
  /** Paths of the nodes, in running order. */
  readonly steps: readonly string[];
  readonly buffers: readonly {
    readonly name: string;
    readonly role: BufferRole;
    readonly bytes: number;
    readonly offset: number;
    readonly first: number;
    readonly last: number;
  }[];
};

/** A plan as a picture shows it. */
export function memoryTimeline(plan: MemoryPlan): MemoryTimeline {
  const { format, order, peakBytes, peakStep, nodes } = plan;
  const writerOf = new Map(nodes.flatMap((node) => node.outputs.map(({ id }) => [id, node] as const)));
  const waiting = new Set(nodes.flatMap((node) => (node.op === "add" ? keptFor(node, writerOf, nodes) : [])));
  const roleOf = (values: Tensor["values"]): BufferRole => {
    if (values.length === 0) return "scratch";
    if (values.some((id) => waiting.has(id))) return "residual";
    switch (writerOf.get(values[0]!)?.op) {
      case undefined:
        return "input";
      case "conv2d":
        return "convolution";
      case "depthwiseConv2d":
        return "depthwise";
      default:
        return "other";
    }
  };
  const buffers = plan.buffers.map(({ values, ...buffer }) => ({ ...buffer, role: roleOf(values) }));
  return { format, order, peakBytes, peakStep, steps: nodes.map(({ path }) => path), buffers };
}

/** The operand of a sum that others read before: the one that had to be kept. */
function keptFor(sum: Node, writerOf: ReadonlyMap<number, Node>, nodes: readonly Node[]): readonly number[] {
  const isRead = (id: number) => nodes.some((node) => node !== sum && node.inputs.some((value) => value.id === id));
  return sum.inputs.flatMap(({ id }) => (isRead(id) && writerOf.get(id)?.op !== "constant" ? [id] : []));
}
