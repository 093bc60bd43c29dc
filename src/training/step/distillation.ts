/**
 * Knowledge distillation: beside the labels, a trained network says what it makes of the same pictures, in every step anew.
 *
 * The teacher stands in the graph of the step, folded and as constants: nothing leads from it to a weight that is trained, so no
 * gradient is computed in it.
 */
import { largest } from "../../base/index.js";
import type { Graph, Node, Value } from "../../ir/index.js";
import { type Architecture, buildNetwork, foldBatchNorm, type Network } from "../../networks/index.js";
import type { GraphBuilder } from "../../ops/index.js";
import type { Tensor } from "../../runtime/index.js";
import { resampled } from "./resample.js";
import type { TrainedNetwork } from "./state.js";

export type Distillation = {
  /** Its classes are the student's, in their order. */
  readonly teacher: TrainedNetwork & { readonly mean: readonly number[]; readonly std: readonly number[] };
  /** T: what both networks' logits are divided by before they are compared; above 1 it shows what a teacher thinks of wrong classes. */
  readonly temperature: number;
  /** α in (1 − α) · cross-entropy + α · T² · KL(teacher ‖ student). */
  readonly weight: number;
};

/** Name of the teacher's own input, where it does not read the student's. */
const TEACHER_IMAGE = "teacherImage";
const PREFIX = "teacher.";

type Pixels = { readonly mean: readonly number[]; readonly std: readonly number[] };

/** Whether teacher and student read the same numbers. */
function readsTheSame(
  { resolution, channels }: Pick<Architecture, "resolution" | "channels">,
  { mean, std }: Pixels,
  { teacher }: Distillation,
) {
  const { architecture: own } = teacher;
  const same = (a: readonly number[], b: readonly number[]) => a.join() === b.join();
  return (
    own.resolution === resolution && own.channels === channels && same(mean, teacher.mean) && same(std, teacher.std)
  );
}

/**
 * The teacher beside a network: its ids follow on the network's, its names begin with `teacher.`.
 *
 * Input `teacherImage`, `[N, C, H, W]` in the teacher's own size and normalization.
 */
export function teacherGraph(
  { graph, image }: Network,
  { classes }: Architecture,
  { teacher }: Distillation,
): { readonly graph: Graph; readonly logits: Value } {
  const { architecture } = teacher;
  if (architecture.classes !== classes) throw new Error("internal: a teacher of other classes");
  const batch = image.shape[0]!;
  const own = buildNetwork(architecture, { batch, mode: "folded" });
  const first = 1 + largest(allValues(graph).map(({ id }) => id));
  const moved = (value: Value): Value => ({
    ...value,
    id: value.id + first,
    name: value.id === own.image.id ? TEACHER_IMAGE : `${PREFIX}${value.name}`,
  });
  return {
    graph: {
      inputs: own.graph.inputs.map(moved),
      parameters: own.graph.parameters.map((each) => ({ ...each, value: moved(each.value), trainable: false })),
      nodes: own.graph.nodes.map(
        (node) =>
          ({
            ...node,
            inputs: node.inputs.map(moved),
            outputs: node.outputs.map(moved),
            path: `${PREFIX}${node.path}`,
          }) as Node,
      ),
      outputs: [],
    },
    logits: moved(own.logits),
  };
}

const allValues = ({ inputs, parameters, nodes }: Graph): Value[] => [
  ...inputs,
  ...parameters.map(({ value }) => value),
  ...nodes.flatMap(({ outputs }) => outputs),
];

/** The constants of `teacherGraph`, by name. */
export function teacherWeights({ teacher }: Distillation): Map<string, Float32Array> {
  const folded = foldBatchNorm(teacher.architecture, teacher.tensors);
  return new Map([...folded].map(([name, numbers]) => [`${PREFIX}${name}`, numbers]));
}

/**
 * (1 − α) · `own` + α · T² · Σ p · (log p − log q) ÷ N, with p and q the softmax of the teacher's and the student's logits over T. T²
 * keeps the gradient's size whatever T is.
 *
 * @param own the loss of the labels, a scalar. @param student and `teacher`: logits `[N, K]`.
 * @source Hinton et al. 2015, arXiv:1503.02531, §2
 */
export function distilled(
  g: GraphBuilder,
  own: Value,
  student: Value,
  teacher: Value,
  { temperature, weight }: Pick<Distillation, "temperature" | "weight">,
): Value {
  const batch = student.shape[0]!;
  const cool = (logits: Value) => g.mul(logits, 1 / temperature);
  const [p, logP] = [g.softmax(cool(teacher)), g.logSoftmax(cool(teacher))];
  const divergence = g.sumTo(g.mul(p, g.sub(logP, g.logSoftmax(cool(student)))), []);
  return g.add(g.mul(own, 1 - weight), g.mul(divergence, (weight * temperature ** 2) / batch));
}

/**
 * What the teacher is shown of a batch: the student's pictures as they are after augmentation and mixing, in the teacher's size,
 * colours and normalization.
 *
 * @returns a function from the student's image, `[C, N, H, W]`, to the teacher's.
 */
export function teacherInput(
  student: Pick<Architecture, "resolution" | "channels">,
  pixels: Pixels,
  distillation: Distillation,
): (image: Tensor) => readonly [string, Tensor] {
  const { architecture, mean, std } = distillation.teacher;
  if (readsTheSame(student, pixels, distillation)) return (image) => [TEACHER_IMAGE, image];
  const { channels, resolution } = architecture;
  if (channels < student.channels) throw new Error("internal: a grey teacher for a student that sees colours");
  const resize = resampled(student.resolution, resolution);
  return ({ data, dims }) => {
    const count = dims[1]!;
    const own = data.length / student.channels;
    const plane = count * resolution ** 2;
    const numbers = new Float32Array(channels * plane);
    for (let c = 0; c < channels; c++) {
      const from = student.channels === 1 ? 0 : c; // grey pictures have three equal channels
      const [scale, shift] = [pixels.std[from]! / std[c]!, (pixels.mean[from]! - mean[c]!) / std[c]!];
      const resized = resize((data as Float32Array).subarray(from * own, (from + 1) * own), count);
      for (let i = 0; i < plane; i++) numbers[c * plane + i] = resized[i]! * scale + shift;
    }
    return [TEACHER_IMAGE, { data: numbers, dims: [channels, count, resolution, resolution] }];
  };
}
