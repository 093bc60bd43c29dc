/**
 * Graph → ONNX ModelProto. Each node is lowered by its op's record; this file keeps names, constants and views.
 *
 * Opset 17 with ONNX Runtime's `com.microsoft` domain where a lowering asks for it (transposed matrix products, SiLU) and, with
 * images in lanes, its `com.microsoft.nchwc`: in training graphs only. Deployed files hold standard ops alone.
 */
import { create, toBinary } from "@bufbuild/protobuf";
import type { DType, Graph, NodeOf, OpName, TensorType, Value } from "../ir/index.js";
import { sameShape, sizeOf } from "../ir/index.js";
import {
  type Kernels,
  type Layout,
  type OnnxAttribute,
  type OnnxTensor,
  type OnnxWriter,
  plainKernels,
  recordOf,
  storedDims,
} from "../ops/index.js";
import {
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataType as DataType,
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "./onnx_pb.js";

export type LoweringOptions = {
  readonly name: string;
  readonly layout: Layout;
  /** Values of the parameters, by name. Those that are missing become inputs of the ONNX graph, under their names. */
  readonly weights?: ReadonlyMap<string, Float32Array>;
  /** Leaves the batch free, under the name `N`: for inference graphs in the image-major layout. */
  readonly freeBatch?: boolean;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Of the engine that will run the graph; by default what every engine can do. */
  readonly kernels?: Kernels;
};

const latin1 = new TextDecoder("latin1");
const OPSET = 17n;
const IR_VERSION = 8n;

const elementType: Record<DType, DataType> = { float32: DataType.FLOAT, uint8: DataType.UINT8, bool: DataType.BOOL };

/** A node of the ONNX graph, with the dimensions that the file leaves to be inferred. */
export type LoweredNode = {
  readonly type: string;
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
  readonly inputs: readonly string[];
  readonly outputs: readonly OnnxTensor[];
};

/** The bytes of an ONNX file. Equal graphs and options give equal bytes. */
export function lower(graph: Graph, options: LoweringOptions): Uint8Array {
  const { writer, inputs, outputs } = write(graph, options);
  const domains = new Set(["", ...writer.nodeList.map((node) => node.domain)]);
  const model = create(ModelProtoSchema, {
    irVersion: IR_VERSION,
    producerName: "bantam",
    opsetImport: [...domains].map((domain) =>
      create(OperatorSetIdProtoSchema, { domain, version: domain === "" ? OPSET : 1n }),
    ),
    metadataProps: Object.entries(options.metadata ?? {}).map(([key, value]) =>
      create(StringStringEntryProtoSchema, { key, value }),
    ),
    graph: create(GraphProtoSchema, {
      name: options.name,
      node: writer.nodeList,
      initializer: writer.initializers,
      input: inputs,
      output: outputs,
    }),
  });
  return toBinary(ModelProtoSchema, model);
}

/** The nodes that `lower` writes, in its order. */
export function loweredNodes(graph: Graph, options: LoweringOptions): readonly LoweredNode[] {
  return write(graph, options).writer.lowered;
}

function write(graph: Graph, options: LoweringOptions) {
  const { kernels = plainKernels } = options;
  const writer = new Writer(options.layout, { ...kernels, lanes: lanesOf(graph, options) });
  const tensors = new Map<number, OnnxTensor>();
  const inputs: ValueInfoProto[] = [];
  const matrices = linearWeights(graph);
  const open = (value: Value, freeBatch = false) => {
    const dims = storedDims(value, options.layout);
    tensors.set(value.id, writer.enter({ name: value.name, dims }, value));
    writer.reserve(value.name);
    inputs.push(valueInfo(value.name, value.dtype, dims, freeBatch));
  };
  for (const value of graph.inputs) open(value, options.freeBatch);
  for (const { value } of graph.parameters) {
    const weights = options.weights?.get(value.name);
    if (weights === undefined) open(value);
    else {
      const dims = matrices.has(value.id) ? value.shape.slice(0, 2) : value.shape;
      tensors.set(value.id, writer.initializer(value.name, weights, dims));
    }
  }
  for (const { name } of graph.outputs) writer.reserve(name);

  for (const node of graph.nodes) {
    writer.path = node.path;
    const outputs = lowerNode(
      writer,
      node,
      node.inputs.map((value) => tensors.get(value.id)!),
    );
    node.outputs.forEach((value, i) => {
      tensors.set(value.id, outputs[i]!);
    });
  }

  const outputs = graph.outputs.map((value) => {
    const dims = storedDims(value, options.layout);
    writer.path = "outputs";
    writer.finish(writer.view(writer.leave(tensors.get(value.id)!, value), dims), value.name);
    return valueInfo(value.name, value.dtype, dims, options.freeBatch ?? false);
  });

  writer.dropUnread(graph.outputs.map(({ name }) => name));
  return { writer, inputs, outputs };
}

/** Lanes need images to fill them: the batch, or one that stands for all. */
function lanesOf({ inputs }: Graph, { layout, kernels: { lanes } = plainKernels }: LoweringOptions): number {
  const images = inputs.filter(({ axes, shape }) => axes === "image" && shape[0] !== 1);
  const fit = images.length > 0 && images.every(({ shape }) => shape[0]! % lanes === 0);
  return layout === "channel-major" && fit ? lanes : 1;
}

/** Ops that keep a map of one place to itself. */
const placewise: ReadonlySet<OpName> = new Set(["relu", "relu6", "sigmoid", "silu", "hardSigmoid", "hardSwish"]);

/**
 * Ids of the weights that are stored as matrices: those of the pointwise convolutions at a network's ending, where maps of
 * one place only go, through activations and others of their kind, into a flatten. (Squeeze-excite goes back to maps.)
 */
function linearWeights({ nodes, parameters }: Graph): ReadonlySet<number> {
  const flat = new Set<number>();
  const others = new Set<number>();
  const linear = new Set<number>();
  const isPlace = ({ axes, shape: [, , h, w] }: Value) => axes === "image" && h! * w! === 1;
  for (const { op, inputs, outputs } of nodes.toReversed()) {
    const [x, weight] = inputs;
    const endsFlat = flat.has(outputs[0]!.id) && !others.has(outputs[0]!.id);
    const isLinear = op === "conv2d" && endsFlat && isPlace(x!) && weight!.shape[2]! * weight!.shape[3]! === 1;
    if (isLinear) linear.add(weight!.id);
    const flattens = isLinear || op === "flatten" || (placewise.has(op) && endsFlat);
    for (const value of inputs) (flattens && (isPlace(value) || linear.has(value.id)) ? flat : others).add(value.id);
  }
  return new Set(parameters.map(({ value }) => value.id).filter((id) => linear.has(id) && !others.has(id)));
}

function lowerNode<K extends OpName>(
  writer: Writer,
  node: NodeOf<K>,
  inputs: readonly OnnxTensor[],
): readonly OnnxTensor[] {
  return recordOf(node.op).lower(writer, inputs, node);
}

class Writer implements OnnxWriter {
  readonly nodeList: NodeProto[] = [];
  readonly initializers: TensorProto[] = [];
  readonly lowered: LoweredNode[] = [];
  path = "";
  /** Names that are taken, each with the number that its next namesake gets. */
  private readonly names = new Map<string, number>();
  private readonly constants = new Map<string, OnnxTensor>();
  /** Tensors that are views of others, so that a view of a view is a view of the first. */
  private readonly roots = new Map<string, OnnxTensor>();
  /** Outputs of each node so far, by what it computes. */
  private readonly computed = new Map<string, OnnxTensor[]>();

  readonly lanes: number;
  readonly fan: number;
  readonly shaders: boolean;

  constructor(
    readonly layout: Layout,
    { lanes, fan, shaders }: Kernels,
  ) {
    this.lanes = lanes;
    this.fan = fan;
    this.shaders = shaders;
  }

  node: OnnxWriter["node"] = (type, inputs, { attributes = {}, dims, domain = "" as const } = {}) =>
    this.once(type, inputs, [dims ?? inputs[0]!.dims], attributes, domain)[0]!;

  nodes: OnnxWriter["nodes"] = (type, inputs, dims, attributes = {}) => this.once(type, inputs, dims, attributes, "");

  /** What was computed before is not computed again. ONNX Runtime sees to that for ONNX's own ops alone. */
  private once(
    type: string,
    inputs: readonly OnnxTensor[],
    dims: readonly (readonly number[])[],
    attributes: Readonly<Record<string, OnnxAttribute>>,
    domain: string,
  ): OnnxTensor[] {
    const names = inputs.map(({ name }) => name);
    const key = JSON.stringify([domain, type, names, attributes, dims]);
    const known = this.computed.get(key);
    if (known !== undefined) return known;
    const outputs = dims.map((each) => ({ name: this.fresh(`${this.path}/${type}`), dims: each }));
    this.push(type, inputs, outputs, attributes, domain);
    this.computed.set(key, outputs);
    return outputs;
  }

  view(tensor: OnnxTensor, dims: readonly number[]): OnnxTensor {
    if (sameShape(tensor.dims, dims)) return tensor;
    if (sizeOf(tensor.dims) !== sizeOf(dims)) {
      throw new Error(`internal: ${this.path}: view of [${tensor.dims.join(", ")}] as [${dims.join(", ")}]`);
    }
    const root = this.roots.get(tensor.name) ?? tensor;
    if (sameShape(root.dims, dims)) return root;
    const view = this.node("Reshape", [root, this.integers(this.extents(root, dims))], { dims });
    this.roots.set(view.name, root);
    return view;
  }

  /** Image-major the batch is free: 0 takes it over from what is viewed. */
  private extents(root: OnnxTensor, dims: readonly number[]): readonly number[] {
    return this.layout === "image-major" && root.dims[0] === dims[0] ? [0, ...dims.slice(1)] : dims;
  }

  stored(type: TensorType): readonly number[] {
    return storedDims(type, this.layout, this.lanes);
  }

  /** An input, which comes as `[C, N, H, W]`, with its images in lanes. */
  enter(tensor: OnnxTensor, type: TensorType): OnnxTensor {
    const [c, n, h, w] = tensor.dims as [number, number, number, number];
    if (!this.isInLanes(type)) return tensor;
    return this.exchange(tensor, [c * (n / this.lanes), this.lanes, h * w]);
  }

  /** The way back. */
  leave(tensor: OnnxTensor, type: TensorType): OnnxTensor {
    const [n, c, h, w] = type.shape as [number, number, number, number];
    if (!this.isInLanes(type)) return tensor;
    return this.exchange(tensor, [c * (n / this.lanes), h * w, this.lanes]);
  }

  private isInLanes({ axes, shape }: TensorType): boolean {
    return this.lanes > 1 && axes === "image" && shape[0] !== 1;
  }

  /** The last two of three axes. */
  private exchange(tensor: OnnxTensor, [a, b, c]: readonly [number, number, number]): OnnxTensor {
    return this.node("Transpose", [this.view(tensor, [a, b, c])], { attributes: { perm: [0, 2, 1] }, dims: [a, c, b] });
  }

  floats(values: readonly number[] | Float32Array, dims: readonly number[]): OnnxTensor {
    const data = Float32Array.from(values);
    return this.constant("float", DataType.FLOAT, dims, new Uint8Array(data.buffer));
  }

  integers(values: readonly number[]): OnnxTensor {
    const data = BigInt64Array.from(values, BigInt);
    return this.constant("int", DataType.INT64, [values.length], new Uint8Array(data.buffer));
  }

  initializer(name: string, values: Float32Array, dims: readonly number[]): OnnxTensor {
    this.reserve(name);
    const rawData = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.initializers.push(tensorProto(name, DataType.FLOAT, dims, rawData));
    return { name, dims };
  }

  /** Takes a name that is seen from outside, before nodes take theirs. */
  reserve(name: string): void {
    if (this.names.has(name)) throw new Error(`internal: two values are named ${name}`);
    this.names.set(name, 1);
  }

  /** Gives a tensor the name under which it leaves the graph. */
  finish(tensor: OnnxTensor, name: string): void {
    this.push("Identity", [tensor], [{ name, dims: tensor.dims }], {}, "");
  }

  /**
   * Takes out what nobody reads, views of views above all. ONNX Runtime would compute it, after all else, and hold what it
   * reads until then.
   */
  dropUnread(outputs: readonly string[]): void {
    const read = new Set(outputs);
    const isRead = this.lowered.map(() => false);
    for (let i = this.lowered.length - 1; i >= 0; i--) {
      const node = this.lowered[i]!;
      isRead[i] = node.outputs.some(({ name }) => read.has(name));
      if (isRead[i]) for (const name of node.inputs) read.add(name);
    }
    // In place, and without a call of as many arguments: the stack does not hold them all.
    const keep = <T>(list: T[]) => {
      let kept = 0;
      for (const [i, each] of list.entries()) if (isRead[i]) list[kept++] = each;
      list.length = kept;
    };
    keep(this.nodeList);
    keep(this.lowered);
    const used = this.initializers.filter(({ name }) => read.has(name));
    this.initializers.splice(0, this.initializers.length, ...used);
  }

  /** Equal constants are stored once. */
  private constant(kind: string, type: DataType, dims: readonly number[], bytes: Uint8Array): OnnxTensor {
    const key = `${kind}:${dims.join(",")}:${latin1.decode(bytes)}`;
    const known = this.constants.get(key);
    if (known !== undefined) return known;
    const tensor = { name: this.fresh(`constants/${kind}`), dims };
    this.initializers.push(tensorProto(tensor.name, type, dims, bytes));
    this.constants.set(key, tensor);
    return tensor;
  }

  private fresh(base: string): string {
    let uses = this.names.get(base) ?? 1;
    let name = base;
    while (this.names.has(name)) name = `${base}.${uses++}`;
    this.names.set(name, 1);
    this.names.set(base, uses);
    return name;
  }

  private push(
    type: string,
    inputs: readonly OnnxTensor[],
    outputs: readonly OnnxTensor[],
    attributes: Readonly<Record<string, OnnxAttribute>>,
    domain: string,
  ): void {
    this.lowered.push({ type, attributes, inputs: inputs.map(({ name }) => name), outputs });
    this.nodeList.push(
      create(NodeProtoSchema, {
        opType: type,
        name: outputs[0]!.name,
        domain,
        input: inputs.map((tensor) => tensor.name),
        output: outputs.map((tensor) => tensor.name),
        attribute: Object.entries(attributes).map(([name, value]) => attributeProto(name, value)),
      }),
    );
  }
}

function attributeProto(name: string, value: OnnxAttribute) {
  if (typeof value === "number")
    return create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(value) });
  if (typeof value === "string")
    return create(AttributeProtoSchema, { name, type: AttributeType.STRING, s: new TextEncoder().encode(value) });
  if ("float" in value) return create(AttributeProtoSchema, { name, type: AttributeType.FLOAT, f: value.float });
  return create(AttributeProtoSchema, { name, type: AttributeType.INTS, ints: value.map(BigInt) });
}

const tensorProto = (name: string, dataType: DataType, dims: readonly number[], rawData: Uint8Array) =>
  create(TensorProtoSchema, { name, dataType, dims: dims.map(BigInt), rawData });

function valueInfo(name: string, dtype: DType, dims: readonly number[], freeBatch: boolean): ValueInfoProto {
  const dim = dims.map((extent, axis) =>
    create(TensorShapeProto_DimensionSchema, {
      value: freeBatch && axis === 0 ? { case: "dimParam", value: "N" } : { case: "dimValue", value: BigInt(extent) },
    }),
  );
  const tensorType = create(TypeProto_TensorSchema, {
    elemType: elementType[dtype],
    shape: create(TensorShapeProtoSchema, { dim }),
  });
  return create(ValueInfoProtoSchema, {
    name,
    type: create(TypeProtoSchema, { value: { case: "tensorType", value: tensorType } }),
  });
}
