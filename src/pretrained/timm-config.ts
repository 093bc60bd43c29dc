/** What a repository of timm says of its weights, in `config.json`. */
import { z } from "zod";
import { findingsOf, ModelError, parseJson } from "../base/index.js";
import type { Preprocessing } from "../data/index.js";
import { type TimmModel, timmModel } from "./timm-models.js";

export type TimmConfig = {
  /** Ours, as `parseNetwork` reads it. */
  readonly network: string;
  readonly preprocessing: Preprocessing;
  /** Outputs of the classifier; null where it does not say. */
  readonly classes: number | null;
  readonly labels: readonly string[] | null;
  /** Whether the first output of the file's classifier stands for "none of them", and is left out. */
  readonly dropsBackground: boolean;
};

const side = z.int().min(8).max(4096);
const channels = z.array(z.number()).min(1).max(3);

/** timm writes much more; what is not listed here has no bearing on an image classifier's result. */
const pretrainedSchema = z.object({
  input_size: z.tuple([z.literal([1, 3]), side, side]).nullish(),
  crop_pct: z.number().min(0.25).max(1).nullish(),
  crop_mode: z.literal(["center", "squash"]).nullish(),
  interpolation: z.literal(["nearest", "bilinear", "bicubic", "lanczos"]).nullish(),
  mean: channels.nullish(),
  std: channels.nullish(),
  num_classes: z.int().min(2).nullish(),
  label_offset: z.literal([0, 1]).nullish(),
});

const schema = z.object({
  architecture: z.string(),
  num_classes: z.int().min(2).nullish(),
  // `avgmax` and others would put another layer between the network and its classifier.
  global_pool: z.literal("avg").nullish(),
  label_names: z.array(z.string()).nullish(),
  label_descriptions: z.record(z.string(), z.string()).nullish(),
  pretrained_cfg: pretrainedSchema.nullish(),
});

/**
 * @param at the file's name, for errors.
 * @returns null for a config.json of another library: it names no architecture in timm's way.
 * @throws {ModelError} when the file is damaged, or asks for what there is not here.
 * @throws {UsageError} when the model is none of the families that there are here.
 */
export function parseTimmConfig(text: string, at: string): TimmConfig | null {
  const json = parseJson(text, at, "JSON", (facts) => new ModelError(facts));
  if (!z.object({ architecture: z.string() }).safeParse(json).success) return null;
  const config = checked(schema, json, at);
  // Before 2023 the description of the weights was not in a field of its own.
  const pretrained = config.pretrained_cfg ?? checked(pretrainedSchema, json, at);
  const table = timmModel(config.architecture, `${at}: architecture`);
  return {
    network: table.network,
    preprocessing: preprocessingOf(pretrained, table, at),
    classes: config.num_classes ?? pretrained.num_classes ?? null,
    labels: labelsOf(config),
    dropsBackground: pretrained.label_offset === 1,
  };
}

function preprocessingOf(
  pretrained: z.infer<typeof pretrainedSchema>,
  { preprocessing: usual }: TimmModel,
  at: string,
): Preprocessing {
  const [channels, height, width] = pretrained.input_size ?? [usual.channels, usual.size, usual.size];
  if (height !== width) throw wrong(at, "a square input_size", `${height} × ${width}`);
  const [mean, std] = [pretrained.mean ?? usual.mean, pretrained.std ?? usual.std];
  if (mean.length !== channels || std.length !== channels || std.some((value) => value <= 0)) {
    const received = `mean [${mean.join(", ")}] and std [${std.join(", ")}]`;
    throw wrong(at, `mean and std of ${channels} channels, std above 0`, received);
  }
  const modes = { center: "cover", squash: "stretch" } as const;
  const kernels = { nearest: "nearest", bilinear: "bilinear", bicubic: "bicubic", lanczos: "lanczos3" } as const;
  return {
    size: height,
    channels,
    resize: pretrained.crop_mode ? modes[pretrained.crop_mode] : usual.resize,
    crop: pretrained.crop_pct ?? usual.crop,
    interpolation: pretrained.interpolation ? kernels[pretrained.interpolation] : usual.interpolation,
    mean,
    std,
  };
}

/** `label_names` may hold WordNet's numbers, and `label_descriptions` what they stand for. */
function labelsOf({ label_names: names, label_descriptions: descriptions }: z.infer<typeof schema>) {
  return names?.map((name) => descriptions?.[name] ?? name) ?? null;
}

function checked<T>(form: z.ZodType<T>, json: unknown, at: string): T {
  const result = form.safeParse(json);
  if (result.success) return result.data;
  throw wrong(at, "the config.json of a timm model", findingsOf(result.error).slice(0, 5).join("; "));
}

function wrong(at: string, expected: string, received: string): ModelError {
  return new ModelError({
    at,
    expected,
    received,
    hint: "name the weights' file itself, and the network with --network",
  });
}
