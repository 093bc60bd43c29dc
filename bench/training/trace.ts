/** ONNX Runtime's profile, read: what each node took, and what work that was. */

type Shapes = readonly Readonly<Record<string, readonly number[]>>[];

/** `ts` and `dur` in µs. */
type Event = {
  readonly cat: string;
  readonly name: string;
  readonly ts: number;
  readonly dur: number;
  readonly args?: {
    readonly op_name?: string;
    readonly provider?: string;
    readonly input_type_shape?: Shapes;
    readonly output_type_shape?: Shapes;
  };
};

export type Trace = readonly Event[];

export type NodeTime = {
  readonly name: string;
  /** The op after ONNX Runtime's own optimizations: a fused node goes by its new type. */
  readonly type: string;
  /** Where it ran: `CPU`, `WebGpu`. */
  readonly provider: string;
  /** Of the layer; with `~` at its end, of the layer's gradient. */
  readonly path: string;
  /** Median over the steps. */
  readonly ms: number;
  /** Two per multiply-add of a product or convolution; 0 for other ops. */
  readonly flops: number;
  /** Inputs and outputs, each once; 0 of a Reshape, which moves nothing. */
  readonly bytes: number;
  /** Of the inputs and the outputs, for people. */
  readonly shapes: string;
};

/** @param steps how many of the last runs count. */
export function nodeTimes(trace: Trace, steps: number): { nodes: NodeTime[]; wallMs: number } {
  const runs = trace.filter(({ cat, name }) => cat === "Session" && name === "model_run").slice(-steps);
  const began = runs[0]!.ts;
  const kernels = trace.filter(({ cat, name, ts }) => cat === "Node" && name.endsWith("_kernel_time") && ts >= began);
  const nodes = [...grouped(kernels, ({ name }) => name)].map(([event, times]) => {
    const { args } = times[0]!;
    const [inputs, outputs] = [args?.input_type_shape ?? [], args?.output_type_shape ?? []];
    const type = args?.op_name ?? "?";
    const name = event.replace(/_kernel_time$/, "");
    return {
      name,
      type,
      path: pathOf(name),
      provider: (args?.provider ?? "?").replace("ExecutionProvider", ""),
      ms: median(times.map(({ dur }) => dur)) / 1000,
      flops: flopsOf(type, inputs.map(dimsOf), outputs.map(dimsOf)),
      bytes: type === "Reshape" ? 0 : [...inputs, ...outputs].reduce((total, tensor) => total + bytesOf(tensor), 0),
      shapes: `${inputs.map(shown).join(" ")} → ${outputs.map(shown).join(" ")}`,
    };
  });
  return { nodes, wallMs: median(runs.map(({ dur }) => dur)) / 1000 };
}

/** Our nodes are called PATH/TYPE; those of which the path is empty rearrange the inputs. */
function pathOf(name: string): string {
  if (!name.includes("/")) return "(added by ONNX Runtime)";
  return name.slice(0, name.lastIndexOf("/")) || "inputs";
}

/** In the order in which keys turn up. */
export function grouped<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group === undefined) groups.set(key(item), [item]);
    else group.push(item);
  }
  return groups;
}

type Dims = readonly number[];

function flopsOf(type: string, inputs: readonly Dims[], outputs: readonly Dims[]): number {
  const [a, b] = inputs;
  const y = outputs[0];
  if (a === undefined || b === undefined || y === undefined) return 0;
  if (/^(Fused)?(MatMul|Gemm)$/.test(type)) {
    // |A|·|B| = batch²·m·k²·n, whichever of the two is transposed; a matrix that all the batch shares counts as one tall product.
    const batch = a.length > 2 && b.length > 2 ? sizeOf(y.slice(0, -2)) : 1;
    return 2 * sizeOf(y) * Math.sqrt((sizeOf(a) * sizeOf(b)) / (sizeOf(y) * batch));
  }
  // Weights are [out, in ÷ groups, kH, kW], of a transposed convolution [in, out ÷ groups, kH, kW].
  if (/ConvTranspose$/.test(type)) return 2 * sizeOf(a) * sizeOf(b.slice(1));
  if (/Conv$/.test(type)) return 2 * sizeOf(y) * sizeOf(b.slice(1));
  return 0;
}

const BYTES: Readonly<Record<string, number>> = { float: 4, double: 8, int32: 4, int64: 8, bool: 1, uint8: 1 };

const dimsOf = (tensor: Shapes[number]): Dims => Object.values(tensor)[0] ?? [];

const bytesOf = (tensor: Shapes[number]): number => (BYTES[Object.keys(tensor)[0]!] ?? 0) * sizeOf(dimsOf(tensor));

const shown = (tensor: Shapes[number]) => `[${dimsOf(tensor).join("×")}]`;

const sizeOf = (dims: Dims): number => dims.reduce((product, extent) => product * extent, 1);

export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.ceil((sorted.length - 1) / 2)]!) / 2;
}
