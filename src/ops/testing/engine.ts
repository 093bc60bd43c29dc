/** Graphs on ONNX Runtime, with every value in the graph's own order of axes, whatever the layout stores. */
import { fromBinary } from "@bufbuild/protobuf";
import { type Graph, type TensorType, type Value, verify } from "../../ir/index.js";
import { lower } from "../../onnx/index.js";
import { ModelProtoSchema } from "../../onnx/onnx_pb.js";
import { chooseEngine, type Device, type Engine, type TensorData } from "../../runtime/index.js";
import { inferNode, type Layout, storedDims } from "../index.js";
import { evaluate } from "./interpreter.js";

/** Something that can run a graph, for `test.for(runners)`. Images go in and come out as `[N, C, H, W]`. */
export type Runner = {
  readonly name: string;
  /** None for the interpreter. */
  readonly layout: Layout | null;
  /** Images side by side; a graph's batch must be a multiple to make use of them. */
  readonly lanes: number;
  /** Why it cannot run here: the reason of a skipped test. */
  readonly missing: string | undefined;
  /** @param values by name of input and parameter. @returns outputs by name. */
  readonly run: (
    graph: Graph,
    values: ReadonlyMap<string, TensorData>,
  ) => Promise<ReadonlyMap<string, ArrayLike<number>>>;
};

const interpreter: Runner = {
  name: "the interpreter",
  layout: null,
  lanes: 1,
  missing: undefined,
  run: async (graph, values) => evaluate(graph, values),
};

async function engineRunners(name: Device): Promise<Runner[]> {
  // One thread, so that results repeat to the bit.
  const engine = await chooseEngine(name, 1).catch((error: Error) => error);
  const lanes = engine instanceof Error ? 1 : engine.kernels.lanes;
  const layouts = [["image-major", 1] as const, ["channel-major", 1] as const];
  return [...layouts, ...(lanes === 1 ? [] : [["channel-major", lanes] as const])].map(([layout, lanes]) => ({
    name: `${name}, ${layout}${lanes === 1 ? "" : `, ${lanes} lanes`}`,
    lanes,
    layout,
    missing: engine instanceof Error ? engine.message : undefined,
    run: async (graph, values) => {
      if (engine instanceof Error) throw engine;
      return runOnEngine(engine, graph, { layout, lanes }, values);
    },
  }));
}

/** Every engine in both layouts. */
export const engines: readonly Runner[] = [
  ...(await engineRunners("cpu")),
  ...(await engineRunners("wasm")),
  // A chip, or a program that stands for one, is not on every machine.
  ...(process.env.BANTAM_TEST_WEBGPU === undefined ? [] : await engineRunners("webgpu")),
];
export const runners: readonly Runner[] = [interpreter, ...engines];

/** Those that run graphs with gradients of convolutions and batch norm: such graphs are lowered channel-major only. */
export const trainingRunners = runners.filter(({ layout }) => layout !== "image-major");

async function runOnEngine(
  engine: Engine,
  graph: Graph,
  { layout, lanes }: { readonly layout: Layout; readonly lanes: number },
  values: ReadonlyMap<string, TensorData>,
): Promise<Map<string, TensorData>> {
  verify(graph, inferNode);
  const session = await engine.load(lower(graph, { name: "test", layout, kernels: { ...engine.kernels, lanes } }));
  try {
    const opened = [...graph.inputs, ...graph.parameters.map(({ value }) => value)];
    const feed = (value: Value) => ({
      data: swapped(values.get(value.name)!, value, value.shape, layout),
      dims: storedDims(value, layout),
    });
    const results = await session.run(Object.fromEntries(opened.map((value) => [value.name, feed(value)])));
    return new Map(
      graph.outputs.map((value) => [
        value.name,
        swapped(results[value.name]!.data, value, storedDims(value, layout), layout),
      ]),
    );
  } finally {
    await session.dispose();
  }
}

/** Exchanges the first two of the four axes `dims` where the layout stores them exchanged. */
function swapped<Data extends TensorData>(data: Data, type: TensorType, dims: readonly number[], layout: Layout): Data {
  if (type.axes === "plain" || layout === "image-major") return data;
  const [a, b, h, w] = dims as [number, number, number, number];
  const result = data.slice() as Data;
  for (let i = 0; i < a; i++)
    for (let j = 0; j < b; j++)
      for (let place = 0; place < h * w; place++)
        result[(j * a + i) * h * w + place] = data[(i * b + j) * h * w + place]!;
  return result;
}

/** Types of the ONNX nodes, in running order, without those that only rename or reshape. */
export function onnxTypes(graph: Graph, layout: Layout): string[] {
  const model = fromBinary(ModelProtoSchema, lower(graph, { name: "test", layout }));
  const types = model.graph!.node.map(({ opType }) => opType);
  return types.filter((type) => type !== "Identity" && type !== "Reshape");
}
