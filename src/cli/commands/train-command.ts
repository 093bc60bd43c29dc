import { basename, extname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { readTextFile } from "../../base/files.js";
import { formatCount, formatPercent, UsageError } from "../../base/index.js";
import { isNetworkFile, type RunSettings, trainNetwork } from "../../jobs/index.js";
import { accuracyInWords, type DataFacts, renderCurves } from "../../report/index.js";
import { parseRecipe, recipeNamed } from "../../training/index.js";
import { defineCommand, type Values } from "../command.js";
import {
  cacheFolder,
  cacheOptions,
  deviceOptions,
  devices,
  enginesOf,
  goldenOption,
  headline,
  metricFrom,
  metricOption,
  mirrorFrom,
  mirrorOption,
  networkOptions,
  networkWord,
  shapeFrom,
  shapeOption,
  workersOption,
} from "./common-options.js";
import { resumed, resumeOptions } from "./resume-options.js";
import { fromOptions, startFrom, teacherFrom, teacherOptions } from "./train-options.js";

const images = { data: { kind: "path", optional: true, help: "folder of images, as for fit" } } as const;

const options = {
  network: {
    ...networkWord,
    placeholder: "NETWORK|FILE",
    help: `${networkWord.help}; or the layers of a model.safetensors, or of an architecture as .json`,
  },
  ...networkOptions,
  ...fromOptions,
  ...teacherOptions,
  recipe: {
    kind: "text",
    placeholder: "NAME|FILE",
    help: "how it is trained; by default quick; `bantam recipes` lists them",
  },
  epochs: { kind: "integer", min: 1, help: "length of the training; by default the recipe's" },
  "learning-rate": { kind: "number", min: 0, help: "at its top, for the batch size in use" },
  "find-learning-rate": { kind: "flag", help: "by a range test of 100 steps before the training" },
  "batch-size": { kind: "integer", min: 1, max: 4096, help: "images per step, as far as there are so many" },
  accumulate: {
    kind: "integer",
    min: 1,
    max: 4096,
    help: "in how many parts a batch goes through the network; by default as few as the memory allows",
  },
  "training-memory": {
    kind: "bytes",
    min: 1,
    help: "most that training may take, by its plan; by default three quarters of what is free",
  },
  ...shapeOption,
  ...metricOption,
  ...mirrorOption,
  seed: { kind: "integer", min: 0, help: "the same seed gives the same weights; by default 0" },
  tensorboard: { kind: "flag", help: "event files for TensorBoard, beside metrics.jsonl" },
  out: { kind: "path", help: "folder for the results; by default runs/DATA-NETWORK or runs/DATA-fine-tuned" },
  ...resumeOptions,
  ...deviceOptions,
  device: { ...deviceOptions.device, help: `${devices}; auto: the fastest of them in a few steps` },
  ...workersOption,
  ...goldenOption,
  ...cacheOptions,
} as const;

type TrainValues = Values<typeof images, typeof options>;

/** A training in its folder, and the machine that it runs on. */
type Run = { readonly settings: RunSettings; readonly out: string } & Pick<TrainValues, "device" | "threads">;

export const trainCommand = defineCommand({
  name: "train",
  summary: "Train one network, published or pretrained",
  description:
    "With --from, a pretrained network gets a new classifier for the classes at hand and is fine-tuned in phases: first the classifier alone, on features that are computed once, without augmentation; then more and more of the network. Pictures are prepared as they were for the pretrained network. With --teacher, the network also learns what another one, of the same classes, makes of each picture. Stopped in any way, the same command goes on from the last checkpoint, and so does --resume with the folder alone, to the same bytes as if it had not been stopped.",
  examples: [
    ["bantam train photos --network mobilenet-v3-small --width 0.5 --resolution 64 --epochs 20", "a small one"],
    ["bantam train photos --from hf:timm/mobilenetv3_small_100.lamb_in1k --resolution 128", "fine-tuned"],
    ["bantam train photos --from old/model.safetensors --unfreeze classifier:20,all:5:0.05", "in two phases"],
    ["bantam train photos --network mobilenet-v2-0.35@64 --teacher big/model.safetensors", "taught by a larger one"],
    ["bantam train --resume runs/photos-mobilenet-v3-small", "goes on after a stop"],
  ],
  arguments: images,
  options,
  shows: "stderr",
  run: async (values, context) => {
    const { resume, tensorboard, goldenPhotos, overwrite, checkpointEvery, workers } = values;
    const run = resume === undefined ? await begun(values) : await goneOn(resume, values);
    const {
      report: _,
      page,
      ...result
    } = await trainNetwork({
      ...run.settings,
      ...(tensorboard && { tensorboard }),
      ...(goldenPhotos && { goldenPhotos }),
      out: run.out,
      overwrite,
      checkpointSeconds: checkpointEvery,
      workers,
      engine: await enginesOf(run, context),
      cacheDir: await cacheFolder(values.cache, context),
      env: context.env,
      signal: context.signal,
      progress: context.progress,
    });
    return { ...result, report: page };
  },
  brief: ({ onnx, accuracy, count, costs }) => headline(onnx, accuracy, count, costs),
  show: (
    { model, onnx, report, accuracy, balancedAccuracy, commonest, count, costs, curve, data },
    { paint, ...options },
  ) =>
    [
      renderCurves(curve, options),
      ...inOrder(
        data,
        `${accuracyInWords(accuracy, count, "held-out images", paint.bold)}, ${formatCount(costs.params)} params, ${formatCount(costs.macs)} MACs`,
        `${paint.bold(formatPercent(balancedAccuracy))} balanced accuracy, always the commonest class: ${formatPercent(commonest)}`,
      ),
      `  ${model}`,
      `  ${onnx}`,
      `  ${paint.bold(pathToFileURL(resolve(report)).href)}`,
    ]
      .filter((part) => part !== "")
      .join("\n"),
});

/** Balanced accuracy leads where the classes of the test are of unequal size. */
function inOrder({ perClass }: DataFacts, accuracy: string, balanced: string): string[] {
  const counts = perClass.map(({ test }) => test).filter((count) => count > 0);
  return Math.max(0, ...counts) > 3 * Math.min(...counts) ? [balanced, accuracy] : [accuracy, balanced];
}

/** By its options. */
async function begun(values: TrainValues): Promise<Run> {
  const { data, recipe = "quick", findLearningRate, learningRate, seed = 0, out } = values;
  const { epochs, batchSize, accumulate, trainingMemory } = values;
  if (data === undefined) {
    const hint = "give a folder of images, or --resume and the folder of a training";
    throw new UsageError({ at: "<data>", expected: "a path", received: "nothing", hint });
  }
  if (findLearningRate && learningRate !== undefined) {
    throw new UsageError({
      at: "--find-learning-rate",
      expected: "a rate to be found or one that is given",
      received: "both",
      hint: "leave out --learning-rate",
    });
  }
  if (accumulate !== undefined && trainingMemory !== undefined) {
    throw new UsageError({
      at: "--training-memory",
      expected: "parts that are given or memory from which they follow",
      received: "both",
      hint: "leave out --accumulate",
    });
  }
  const found = recipe.endsWith(".json") ? parseRecipe(await readTextFile(recipe), recipe) : recipeNamed(recipe);
  return {
    settings: {
      data,
      exclude: values.exclude,
      metric: metricFrom(values),
      mirror: mirrorFrom(values),
      shape: shapeFrom(values),
      epochs,
      batchSize,
      accumulate,
      trainingMemory,
      seed,
      recipe: found,
      learningRate: findLearningRate ? "find" : learningRate,
      ...(await startFrom(values, found.epochs)),
      teacher: teacherFrom(values),
    },
    out: out ?? join("runs", `${basename(resolve(data))}-${nameOf(values.network)}`),
    device: values.device,
    threads: values.threads,
  };
}

const nameOf = (network = "fine-tuned") => (isNetworkFile(network) ? basename(network, extname(network)) : network);

/** As it is in its folder. */
const goneOn = async (folder: string, values: TrainValues): Promise<Run> => ({
  ...(await resumed(folder, values)),
  out: folder,
});
