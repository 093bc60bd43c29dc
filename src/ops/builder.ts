import type { Graph, Node, NodeOf, OpName, Parameter, Shape, TensorType, Value, Vocabulary } from "../ir/index.js";

/** The output types of an op applied to inputs; the table of ops supplies it. */
export type InferOp = <K extends OpName>(
  op: K,
  inputs: readonly TensorType[],
  attributes: Vocabulary[K],
  at: string,
) => readonly TensorType[];

type Operand = Value | number;

/** Builds a graph node by node; every value gets its type as it is made, so a misfit is named where it happens. */
export class GraphBuilder {
  private readonly inputs: Value[];
  private readonly parameters: Parameter[];
  private readonly nodes: Node[];
  private readonly outputs: Value[];
  private nextId: number;
  private path: readonly string[] = [];

  /** @param base a graph to go on from; it is not changed. */
  constructor(
    private readonly infer: InferOp,
    base?: Graph,
  ) {
    this.inputs = [...(base?.inputs ?? [])];
    this.parameters = [...(base?.parameters ?? [])];
    this.nodes = [...(base?.nodes ?? [])];
    this.outputs = [...(base?.outputs ?? [])];
    this.nextId = base === undefined ? 0 : firstFreeId(base);
  }

  /** Runs `body` with `name` appended to the path of every node and parameter made in it. */
  scope<T>(name: string, body: () => T): T {
    const outer = this.path;
    this.path = [...outer, name];
    try {
      return body();
    } finally {
      this.path = outer;
    }
  }

  input(name: string, type: TensorType): Value {
    const value = this.value(type, name);
    this.inputs.push(value);
    return value;
  }

  /** Takes over the inputs of another graph and keeps its ids free, so that its nodes can be included later. */
  adopt(graph: Graph): void {
    this.inputs.push(...graph.inputs);
    this.nextId = Math.max(this.nextId, firstFreeId(graph));
  }

  parameter(name: string, shape: Shape, options: Omit<Parameter, "value">): Value {
    const value = this.value({ dtype: "float32", shape, axes: "plain" }, this.named(name));
    this.parameters.push({ value, ...options });
    return value;
  }

  output(value: Value, name: string): void {
    this.outputs.push({ ...value, name });
  }

  /** Appends one node. @throws {ShapeError} when the inputs do not fit. */
  apply<K extends OpName>(op: K, inputs: readonly Value[], attributes: Vocabulary[K]): Value[] {
    const path = this.path.length === 0 ? op : this.path.join(".");
    const types = this.infer(op, inputs, attributes, path);
    const outputs = types.map((type, i) => this.value(type, types.length === 1 ? path : `${path}:${i}`));
    const node: NodeOf<K> = { op, inputs, outputs, attributes, path };
    this.nodes.push(node as Node);
    return outputs;
  }

  build(): Graph {
    return {
      inputs: [...this.inputs],
      parameters: [...this.parameters],
      nodes: [...this.nodes],
      outputs: [...this.outputs],
    };
  }

  constant(value: number): Value {
    return this.one("constant", [], { values: [value], shape: [] });
  }

  add = (a: Operand, b: Operand) => this.binary("add", a, b);
  sub = (a: Operand, b: Operand) => this.binary("sub", a, b);
  mul = (a: Operand, b: Operand) => this.binary("mul", a, b);
  div = (a: Operand, b: Operand) => this.binary("div", a, b);
  lessEqual = (a: Operand, b: Operand) => this.binary("lessEqual", a, b);
  where = (condition: Value, a: Operand, b: Operand) => this.one("where", [condition, this.lift(a), this.lift(b)], {});
  step = (x: Value) => this.one("step", [x], {});
  between = (x: Value, low: number, high: number) => this.one("between", [x], { low, high });
  exp = (x: Value) => this.one("exp", [x], {});
  sqrt = (x: Value) => this.one("sqrt", [x], {});
  relu = (x: Value) => this.one("relu", [x], {});
  relu6 = (x: Value) => this.one("relu6", [x], {});
  sigmoid = (x: Value) => this.one("sigmoid", [x], {});
  silu = (x: Value) => this.one("silu", [x], {});
  hardSigmoid = (x: Value) => this.one("hardSigmoid", [x], {});
  hardSwish = (x: Value) => this.one("hardSwish", [x], {});
  softmax = (x: Value) => this.one("softmax", [x], {});
  logSoftmax = (x: Value) => this.one("logSoftmax", [x], {});
  matmul = (a: Value, b: Value, { transposeA = false, transposeB = false }: Partial<Vocabulary["matmul"]> = {}) =>
    this.one("matmul", [a, b], { transposeA, transposeB });
  channelSum = (x: Value) => this.one("channelSum", [x], {});
  globalAveragePool = (x: Value) => this.one("globalAveragePool", [x], {});
  flatten = (x: Value) => this.one("flatten", [x], {});
  concat = (parts: readonly Value[]) => this.one("concat", parts, {});
  reshape = (x: Value, shape: Shape) => this.one("reshape", [x], { shape });
  broadcastTo = (x: Value, shape: Shape) => this.one("broadcastTo", [x], { shape });
  sumTo = (x: Value, shape: Shape) => this.one("sumTo", [x], { shape });
  split = (x: Value, sizes: readonly number[]) => this.apply("split", [x], { sizes });

  /** Appends a node with one output. */
  one<K extends OpName>(op: K, inputs: readonly Value[], attributes: Vocabulary[K]): Value {
    return this.apply(op, inputs, attributes)[0]!;
  }

  /**
   * Appends a reshape whose output is a value that already has a name and uses: how the slices of one flat vector become
   * the parameters of a network that was built before.
   */
  define(target: Value, x: Value): void {
    this.nodes.push({
      op: "reshape",
      inputs: [x],
      outputs: [target],
      attributes: { shape: target.shape },
      path: target.name,
    });
  }

  /** Appends the nodes of another graph, whose inputs and parameters are defined here already. */
  include(graph: Graph): void {
    this.nodes.push(...graph.nodes);
  }

  private binary(op: "add" | "sub" | "mul" | "div" | "lessEqual", a: Operand, b: Operand): Value {
    return this.one(op, [this.lift(a), this.lift(b)], {});
  }

  private lift(operand: Operand): Value {
    return typeof operand === "number" ? this.constant(operand) : operand;
  }

  private value(type: TensorType, name: string): Value {
    return { id: this.nextId++, name, dtype: type.dtype, shape: type.shape, axes: type.axes };
  }

  private named(name: string): string {
    return [...this.path, name].join(".");
  }
}

function firstFreeId(graph: Graph): number {
  let last = -1;
  const see = (value: Value) => {
    last = Math.max(last, value.id);
  };
  for (const value of graph.inputs) see(value);
  for (const { value } of graph.parameters) see(value);
  for (const node of graph.nodes) for (const value of node.outputs) see(value);
  return last + 1;
}
