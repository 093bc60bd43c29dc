import { basename, join, resolve } from "node:path";
import { formatCount, formatPercent, UsageError } from "../../base/index.js";
import { trainNetwork } from "../../fit/index.js";
import { parseRecipe, recipeNamed } from "../../training/index.js";
import { defineCommand } from "../command.js";
import {
  cacheFolder,
  cacheOptions,
  engineOf,
  engineOptions,
  networkOf,
  networkOptions,
  networkWord,
  textOf,
} from "./shared.js";

export const trainCommand = defineCommand({
  name: "train",
  summary: "Train one published network",
  examples: [
    ["bantam train photos --network mobilenet-v3-small --width 0.5 --resolution 64 --epochs 20", "a small one"],
  ],
  arguments: { data: { kind: "path", help: "folder of images, as for fit" } },
  options: {
    network: { ...networkWord, required: true },
    ...networkOptions,
    recipe: {
      kind: "text",
      placeholder: "NAME|FILE",
      default: "quick",
      help: "how it is trained; `bantam recipes` lists them",
    },
    epochs: { kind: "integer", min: 1, help: "length of the training; by default the recipe's" },
    "learning-rate": { kind: "number", min: 0, help: "at its top, for the batch size in use" },
    "find-learning-rate": { kind: "flag", help: "by a range test of 100 steps before the training" },
    "batch-size": { kind: "integer", min: 1, max: 4096, help: "images per step" },
    tensorboard: { kind: "flag", help: "event files for TensorBoard, beside metrics.jsonl" },
    out: { kind: "path", help: "folder for the results; by default runs/DATA-NETWORK" },
    seed: { kind: "integer", min: 0, default: 0, help: "the same seed gives the same weights" },
    ...engineOptions,
    ...cacheOptions,
  },
  shows: "stderr",
  run: async ({ data, network, width, depth, resolution, recipe, out, findLearningRate, ...values }, context) => {
    if (findLearningRate && values.learningRate !== undefined) {
      throw new UsageError({
        at: "--find-learning-rate",
        expected: "a rate to be found or one that is given",
        received: "both",
        hint: "leave out --learning-rate",
      });
    }
    return trainNetwork({
      ...values,
      ...(findLearningRate && { learningRate: "find" }),
      data,
      recipe: recipe.endsWith(".json") ? parseRecipe(await textOf(recipe), recipe) : recipeNamed(recipe),
      network: networkOf(network, { width, depth, resolution }),
      out: out ?? join("runs", `${basename(resolve(data))}-${network}`),
      engine: await engineOf(values, context),
      cacheDir: cacheFolder(values.cache, context),
      signal: context.signal,
      progress: context.progress,
    });
  },
  show: ({ model, onnx, accuracy, count, costs }, { paint }) =>
    [
      `${paint.bold(formatPercent(accuracy))} of ${count} held-out images, ${formatCount(costs.params)} params, ${formatCount(costs.macs)} MACs`,
      `  ${model}`,
      `  ${onnx}`,
    ].join("\n"),
});
