/**
 * What ONNX Runtime needs when it really runs a graph. Its profile tells which kernels ran, in which order, how much each
 * wrote and how many bytes its arena had handed out; the graph it saves after optimizing tells who reads what.
 */
import "../src/runtime/no-telemetry.js";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { type GraphProto, ModelProtoSchema, type NodeProto } from "../src/onnx/onnx_pb.js";

/** One kernel that ran. */
type Kernel = {
  readonly name: string;
  readonly op: string;
  readonly outputBytes: readonly number[];
  /** Handed out by ONNX Runtime's arena when the kernel had run, before what nobody reads any more was taken back. */
  readonly bytesInUse: number;
};

export type Execution = { readonly kernels: readonly Kernel[]; readonly graph: GraphProto };

export type Feed = {
  readonly name: string;
  readonly data: Float32Array | Uint8Array;
  readonly dims: readonly number[];
};

/**
 * Runs a model once.
 *
 * @param level `extended` gives the same kernels on every processor; `all` adds layouts that depend on it.
 */
export async function execute(
  model: Uint8Array,
  feeds: readonly Feed[],
  level: "extended" | "all",
): Promise<Execution> {
  const { InferenceSession, Tensor } = await import("onnxruntime-node"); // it need not be installed
  const folder = await mkdtemp(join(tmpdir(), "bantam-memory-"));
  try {
    const optimized = join(folder, "optimized.onnx");
    const session = await InferenceSession.create(model, {
      executionProviders: ["cpu"],
      intraOpNumThreads: 1,
      graphOptimizationLevel: level,
      enableProfiling: true,
      profileFilePrefix: join(folder, "profile"),
      optimizedModelFilePath: optimized,
      logSeverityLevel: 3,
    });
    const tensors = feeds.map(({ data, dims, name }) => {
      const type = data instanceof Uint8Array ? "uint8" : "float32";
      return [name, new Tensor(type, data, dims)] as const;
    });
    await session.run(Object.fromEntries(tensors));
    session.endProfiling();
    await session.release();
    const file = (await readdir(folder)).find((each) => each.startsWith("profile"))!;
    const events = JSON.parse(await readFile(join(folder, file), "utf8")) as Event[];
    const { graph } = fromBinary(ModelProtoSchema, await readFile(optimized));
    return { kernels: events.filter(isKernel).map(readKernel), graph: graph! };
  } finally {
    await rm(folder, { recursive: true });
  }
}

type Event = {
  readonly cat: string;
  readonly name: string;
  readonly args: {
    readonly op_name: string;
    readonly output_type_shape: readonly Record<string, number[]>[];
    readonly mem_bytes_requested_in_use: string;
  };
};

const suffix = "_kernel_time";
const isKernel = ({ cat, name }: Event) => cat === "Node" && name.endsWith(suffix);
const bytesPerElement: Readonly<Record<string, number>> = { float: 4, uint8: 1, int64: 8, bool: 1 };

function readKernel({ name, args }: Event): Kernel {
  return {
    name: name.slice(0, -suffix.length),
    op: args.op_name,
    outputBytes: args.output_type_shape.map((shape) => {
      const [[type, dims]] = Object.entries(shape) as [[string, number[]]];
      return dims.reduce((product, extent) => product * extent, bytesPerElement[type]!);
    }),
    bytesInUse: Number(args.mem_bytes_requested_in_use),
  };
}

/**
 * The most that ONNX Runtime's own arena had handed out for activations. What it holds before the first kernel runs is weights
 * in the order that its matrix products read them, beside the model's.
 */
export function bytesInUse({ kernels }: Execution): number {
  const [first] = kernels;
  const packedWeights = first!.bytesInUse - first!.outputBytes[0]!;
  return Math.max(...kernels.map((kernel) => kernel.bytesInUse)) - packedWeights;
}

/** Inputs that a kernel may write its output over, as its registration in ONNX Runtime declares. */
const mayInplace: Readonly<Record<string, number>> = {
  Relu: 0,
  Clip: 0,
  Sigmoid: 0,
  HardSigmoid: 0, // activations.cc, clip.cc: MayInplace(0, 0)
  Conv: 3,
  FusedConv: 3, //                        fused_conv.cc, nchwc_ops.cc: MayInplace(3, 0), the sum
};
/** `Alias(0, 0)`: no bytes of their own. */
const aliases = new Set(["Flatten", "Reshape", "Identity"]);

/**
 * An arena that serves the kernels as they ran: each output is put into the tightest gap when it is written, and taken back
 * when its last reader has run. The graph's input counts, and outputs stay.
 *
 * @returns the most bytes taken at once, and how far the arena reached: it does not know what comes next, so gaps stay open.
 */
export function arenaOf(
  { kernels, graph }: Execution,
  inputBytes: number,
): { readonly most: number; readonly end: number } {
  const weights = new Set(graph.initializer.map(({ name }) => name));
  const nodes = inRunningOrder(kernels, graph, weights);
  const uses = new Map<string, number>();
  const count = (name: string) => uses.set(name, (uses.get(name) ?? 0) + 1);
  for (const node of nodes) node.input.forEach(count);
  for (const { name } of graph.output) count(name);

  const arena = new Arena();
  const blockOf = new Map<string, Block>();
  const hold = (name: string, block: Block) => {
    block.readers += uses.get(name) ?? 0;
    blockOf.set(name, block);
  };
  for (const { name } of graph.input) if (!weights.has(name)) hold(name, arena.take(inputBytes));

  nodes.forEach((node, i) => {
    const { op, outputBytes } = kernels[i]!;
    const own = node.input[aliases.has(op) ? 0 : (mayInplace[op] ?? -1)];
    const block = own === undefined ? undefined : blockOf.get(own);
    node.output.forEach((name, o) => {
      const isLast = aliases.has(op) || (uses.get(own!) === 1 && block?.readers === 1);
      const over = o === 0 && block !== undefined && isLast && block.bytes === outputBytes[0];
      hold(name, over ? block : arena.take(outputBytes[o]!));
    });
    for (const name of [...node.input, ...node.output.filter((each) => !uses.has(each))]) {
      const read = blockOf.get(name);
      if (read === undefined) continue;
      if (uses.has(name)) {
        uses.set(name, uses.get(name)! - 1);
        read.readers--;
      }
      if (read.readers === 0) arena.giveBack(read);
    }
  });
  return arena;
}

/** The nodes of the optimized graph as their kernels ran. Nodes without a name are found by their type and what they read. */
function inRunningOrder(kernels: readonly Kernel[], graph: GraphProto, weights: ReadonlySet<string>): NodeProto[] {
  const made = new Set([...weights, ...graph.input.map(({ name }) => name), ""]);
  const left = new Set(graph.node);
  return kernels.map(({ name, op }) => {
    const fits = (node: NodeProto) =>
      node.opType === op && (node.name === "" || node.name === name) && node.input.every((input) => made.has(input));
    const node = [...left].find(fits);
    if (node === undefined) throw new Error(`${op} ${name} ran, but is not in the optimized graph`);
    left.delete(node);
    for (const output of node.output) made.add(output);
    return node;
  });
}

type Block = { readonly offset: number; readonly bytes: number; readers: number };

class Arena {
  private blocks: Block[] = [];
  private taken = 0;
  most = 0;
  end = 0;

  take(bytes: number): Block {
    let best: { offset: number; room: number } | undefined;
    let free = 0;
    for (const block of this.blocks) {
      const room = block.offset - free - bytes;
      if (room >= 0 && (best === undefined || room < best.room)) best = { offset: free, room };
      free = block.offset + block.bytes;
    }
    const block = { offset: best?.offset ?? free, bytes, readers: 0 };
    this.blocks = [...this.blocks, block].sort((a, b) => a.offset - b.offset);
    this.end = Math.max(this.end, block.offset + bytes);
    this.taken += bytes;
    this.most = Math.max(this.most, this.taken);
    return block;
  }

  giveBack(block: Block): void {
    this.blocks = this.blocks.filter((each) => each !== block);
    this.taken -= block.bytes;
  }
}
