/** The network that a training learns from beside the labels. */
import { ModelError } from "../../base/index.js";
import type { Architecture } from "../../networks/index.js";
import { type LoadContext, loadPretrained } from "../../pretrained/index.js";
import type { Model } from "../../shipping/index.js";
import type { Distillation } from "../../training/index.js";
import type { Progress } from "../shared/progress.js";

export type TeacherOptions = Pick<Distillation, "temperature" | "weight"> & {
  /** `hf:owner/name[@revision][:file]`, a safetensors file of Bantam's, timm, torchvision or Keras, or a folder. */
  readonly weights: string;
  /** Where the source does not say it. */
  readonly network?: string | undefined;
};

export const loadTeacher = ({ weights, network }: TeacherOptions, context: LoadContext): Promise<Model> =>
  loadPretrained({ weights, network }, context);

/**
 * The teacher for a student of these classes: its own may stand in another order. A line says where it is shown pictures of another
 * size than it was trained for.
 *
 * @throws {ModelError} when it has other classes, or needs colours that the student is not shown.
 */
export function distillationFor(
  model: Model,
  { weights: at, temperature, weight }: TeacherOptions,
  classes: readonly string[],
  student: Pick<Architecture, "channels" | "resolution">,
  progress: Progress,
): Distillation {
  requireClasses(model.classes, classes, at);
  const { architecture, preprocessing } = model;
  if (architecture.channels < student.channels) {
    throw new ModelError({
      at,
      expected: "a teacher that sees colours, as the student does",
      received: "one of grey pictures",
      hint: "take another teacher, or train on grey pictures",
    });
  }
  const { mean, std } = preprocessing;
  const [own, shown] = [architecture.resolution, student.resolution];
  const resized = own === shown ? "" : `, shown the ${shown} px pictures of the student at its own ${own} px`;
  progress.line(`taught by ${architecture.name} of ${at}${resized}`);
  const rows = classes.map((name) => model.classes.indexOf(name));
  const tensors = new Map(model.tensors);
  for (const name of ["classifier.weight", "classifier.bias"]) tensors.set(name, inOrder(tensors.get(name)!, rows));
  return { teacher: { architecture, tensors, mean, std }, temperature, weight };
}

function inOrder(numbers: Float32Array, rows: readonly number[]): Float32Array {
  const length = numbers.length / rows.length;
  const moved = new Float32Array(numbers.length);
  rows.forEach((row, i) => {
    moved.set(numbers.subarray(row * length, (row + 1) * length), i * length);
  });
  return moved;
}

function requireClasses(teachers: readonly string[], classes: readonly string[], at: string): void {
  const missing = classes.filter((name) => !teachers.includes(name));
  const others = teachers.filter((name) => !classes.includes(name));
  if (missing.length === 0 && others.length === 0) return;
  const few = (names: readonly string[]) => `${names.slice(0, 5).join(", ")}${names.length > 5 ? ", …" : ""}`;
  throw new ModelError({
    at,
    expected: `a teacher of the same ${classes.length} classes (${few(classes)})`,
    received: [
      `one of ${teachers.length}`,
      ...(missing.length > 0 ? [`without ${few(missing)}`] : []),
      ...(others.length > 0 ? [`with ${few(others)}`] : []),
    ].join(", "),
    hint: "train a teacher on these images first, for example with --from and pretrained weights",
  });
}
