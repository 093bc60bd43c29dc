/** Options of `train` for weights to go on from, and for a network to learn from. */
import { UsageError } from "../../base/index.js";
import { isNetworkFile, readNetworkFile, type TrainOptions } from "../../jobs/index.js";
import { parsePlan } from "../../training/index.js";
import { networkOf } from "./common-options.js";

const source =
  "a model.safetensors of Bantam's, hf:owner/name[@revision][:file] on the Hugging Face Hub, or a safetensors file or folder of timm, torchvision or Keras";

export const fromOptions = {
  from: { kind: "text", placeholder: "WEIGHTS", help: `fine-tunes a pretrained network: ${source}` },
  unfreeze: {
    kind: "text",
    placeholder: "PLAN",
    help: "which part trains when: PART[:EPOCHS[:SHARE]],…, where PART is classifier, head, last-N (the last N stages and what follows) or all, and SHARE is of the learning rate; by default classifier,last-2,all",
  },
  "batch-norm": {
    kind: "choice",
    of: ["frozen", "batch"],
    help: "with --from, in the part that trains: running statistics as they are, or the batch's own; by default frozen",
  },
} as const;

export const teacherOptions = {
  teacher: { kind: "text", placeholder: "MODEL", help: `learns from a trained network beside the labels: ${source}` },
  "teacher-network": {
    kind: "text",
    placeholder: "NETWORK",
    help: "which network --teacher is, where it does not say",
  },
  temperature: { kind: "number", min: 0.1, max: 100, help: "what logits are divided by for --teacher; by default 4" },
  "teacher-weight": {
    kind: "number",
    min: 0,
    max: 1,
    help: "share of the teacher in the loss; the labels have the rest; by default 0.9",
  },
} as const;

type NetworkValues = {
  readonly network: string | undefined;
  readonly width: number | undefined;
  readonly depth: number;
  readonly resolution: number | undefined;
};

type FromValues = NetworkValues & {
  readonly from: string | undefined;
  readonly unfreeze: string | undefined;
  readonly batchNorm: "frozen" | "batch" | undefined;
  readonly epochs: number | undefined;
};

/**
 * What is trained.
 *
 * @throws {UsageError} when it is not said, or an option stands without the one it belongs to.
 * @throws {FileError | ModelError} when the file of a network cannot be used.
 */
export async function startFrom(
  { network, width, depth, resolution, from, unfreeze, batchNorm, epochs }: FromValues,
  recipeEpochs: number,
): Promise<Pick<TrainOptions, "network" | "from">> {
  const isFile = network !== undefined && from === undefined && isNetworkFile(network);
  const named = network === undefined || isFile ? undefined : networkOf(network, { width, depth, resolution });
  if (from === undefined) {
    refuseAlone({ unfreeze, "batch-norm": batchNorm }, "--from");
    if (isFile) {
      const given = { ...(width !== undefined && { width }), ...(resolution !== undefined && { resolution }) };
      return { network: { table: await readNetworkFile(network), depth, ...given } };
    }
    if (named !== undefined) return { network: named };
    throw new UsageError({ at: "--network", expected: "a network, or weights with --from", received: "neither" });
  }
  if (named === undefined) refuseAlone({ width, depth: depth === 1 ? undefined : depth }, "--network");
  const length = { total: epochs ?? recipeEpochs, given: epochs !== undefined, norms: "live" } as const;
  return {
    network: named ?? (resolution === undefined ? undefined : { resolution }),
    from: {
      weights: from,
      network: named,
      batchNorm,
      plan: unfreeze === undefined ? undefined : parsePlan(unfreeze, "--unfreeze", length),
    },
  };
}

type TeacherValues = {
  readonly teacher: string | undefined;
  readonly teacherNetwork: string | undefined;
  readonly temperature: number | undefined;
  readonly teacherWeight: number | undefined;
};

/** @throws {UsageError} when an option of it stands alone. */
export function teacherFrom(values: TeacherValues): TrainOptions["teacher"] {
  const { teacher, teacherNetwork: network, temperature, teacherWeight } = values;
  if (teacher !== undefined)
    return { weights: teacher, network, temperature: temperature ?? 4, weight: teacherWeight ?? 0.9 };
  refuseAlone({ "teacher-network": network, temperature, "teacher-weight": teacherWeight }, "--teacher");
  return undefined;
}

function refuseAlone(options: Readonly<Record<string, unknown>>, needed: string): void {
  for (const [option, value] of Object.entries(options)) {
    if (value === undefined) continue;
    throw new UsageError({ at: `--${option}`, expected: `${needed} beside it`, received: "none" });
  }
}
