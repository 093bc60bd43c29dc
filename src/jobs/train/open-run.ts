/** A training's folder: what it keeps there, and what it differs in from the one that a folder holds. */
import { join } from "node:path";
import { ensureWritableFolder } from "../../base/files.js";
import { commandLine, ModelError } from "../../base/index.js";
import {
  type Asked,
  byName,
  checkedRun,
  type Difference,
  type Folder,
  imagesOf,
  type RanOn,
  readRunFile,
  runFilePath,
} from "../../folders/index.js";
import type { Architecture } from "../../networks/index.js";
import { type Distillation, runsIn } from "../../training/index.js";
import type { Held, Work } from "../shared/open-work.js";
import { fingerprintOf } from "./fingerprint.js";
import type { TrainJob } from "./train-job.js";
import { type RunSettings, settingsOf, trainSchema } from "./train-settings.js";

export type OpenRun = Pick<Folder, "key" | "runsOn"> & {
  readonly checkpoints: {
    readonly folder: string;
    readonly run: string;
    readonly everySeconds: number | undefined;
  };
  /** Found by the range test of an earlier call. */
  readonly learningRate: number | null;
  keepLearningRate(rate: number): Promise<void>;
  /** Chosen by the memory there was. */
  readonly parts: number | null;
  keepParts(parts: number): Promise<void>;
};

const nothingKept = { learningRate: null, parts: null };

/** Takes the folder. @throws as `openFolder` @throws {ModelError} when what an earlier call kept is damaged. */
export async function openRun(job: TrainJob, { hold, resumeBy }: Work): Promise<OpenRun> {
  const { out, checkpointSeconds } = job.options;
  const folder = join(out, "checkpoints");
  const { key, earlier, keep, runsOn } = await hold(out, {
    settings: settingsOf(job.options),
    facts: factsOf(job),
    words: { options, special },
    marks: () => runsIn(folder),
  });
  resumeBy(`everything finished is in ${out}; ${commandLine(["bantam", "train"], { resume: out })} goes on`);
  const { learningRate, parts } = earlier === null ? nothingKept : checkedRun(out, earlier, trainSchema);
  await keep({ learningRate, parts });
  await ensureWritableFolder(folder);
  return {
    key,
    runsOn,
    checkpoints: { folder, run: key, everySeconds: checkpointSeconds },
    learningRate,
    keepLearningRate: (learningRate) => keep({ learningRate }),
    parts,
    keepParts: (parts) => keep({ parts }),
  };
}

/** Everything that the weights depend on; their order is part of the key. */
function factsOf(job: TrainJob): object {
  const { options, dataset, architecture, epochs, recipe, pretrained, fineTuning, normalization, distillation } = job;
  return {
    data: dataset.fingerprint,
    shape: dataset.shape,
    network: architecture,
    epochs,
    seed: options.seed,
    recipe: {
      ...recipe,
      ...(options.learningRate === "find" && { learningRate: "find" }),
      // Where it follows from the memory, the run keeps it itself.
      accumulate: options.accumulate,
    },
    ...(pretrained && {
      weights: fingerprintOf(architecture, pretrained.tensors),
      ...fineTuning,
      normalization,
      geometry: pretrained.geometry,
    }),
    ...(distillation && { distillation: lessonsOf(distillation) }),
  };
}

function lessonsOf({ teacher: { architecture, tensors, mean, std }, temperature, weight }: Distillation): object {
  return { teacher: fingerprintOf(architecture, tensors), mean, std, temperature, weight };
}

/** @throws {ModelError} when the folder holds no training. */
export async function resumableRun(
  folder: string,
): Promise<{ readonly settings: RunSettings; readonly engine: RanOn | null }> {
  const run = await readRunFile(folder);
  const hint = "give the --out folder of a `bantam train`, by default runs/DATA-NETWORK";
  const at = runFilePath(folder);
  if (run === null) throw new ModelError({ at, expected: "a training's folder", received: "no such file", hint });
  if (run.kind !== "train")
    throw new ModelError({ at, expected: "a training's folder", received: `a ${run.kind}'s`, hint });
  return { settings: checkedRun(folder, run, trainSchema).settings as unknown as RunSettings, engine: run.engine };
}

const options: Readonly<Record<string, string>> = {
  shape: "--shape",
  epochs: "--epochs",
  seed: "--seed",
  "recipe.augmentation.flip": "--mirror",
  "recipe.balance": "--metric",
  "recipe.batchSize": "--batch-size",
  "recipe.accumulate": "--accumulate",
  "recipe.learningRate": "--learning-rate",
};

const special: NonNullable<Held["words"]["special"]> = {
  data: imagesOf,
  network(there, asked) {
    const networks = { there: networkText(there), asked: networkText(asked) };
    if (networks.there !== networks.asked) return [{ what: "--network", ...networks }];
    // The same words for another network: other classes, or other tables of another version.
    return there.facts.data === asked.facts.data ? [{ what: "layers", there: "as they were", asked: "others" }] : [];
  },
  // Of weights from elsewhere: it follows from them and from the shape.
  geometry: (there, asked) =>
    there.facts.shape === asked.facts.shape
      ? [{ what: "pictures", there: "prepared as they were", asked: "otherwise" }]
      : [],
  // Of whose contents there is a hash.
  weights: (there, asked) => filesOf(there, asked, "from"),
  "distillation.teacher": (there, asked) => filesOf(there, asked, "teacher"),
};

const settingsIn = ({ settings }: Asked) => settings as unknown as RunSettings;

function filesOf(there: Asked, asked: Asked, option: "from" | "teacher"): Difference[] {
  const [before, now] = [settingsIn(there)[option]?.weights ?? "none", settingsIn(asked)[option]?.weights ?? "none"];
  return [byName(`--${option}`, before, now, { there: `${before} as it was`, asked: "other contents" })];
}

const networkText = (asked: Asked) =>
  Object.entries(settingsIn(asked).network ?? {})
    .filter(([key, value]) => value !== undefined && !(key === "depth" && value === 1))
    .map(([key, value]) => {
      if (key === "name") return value;
      return key === "table" ? (value as Architecture).name : `${key} ${value}`;
    })
    .join(" ");
