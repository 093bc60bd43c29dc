import { evaluateFile } from "../../jobs/index.js";
import { renderEvaluation } from "../../report/index.js";
import { defineCommand } from "../command.js";
import { cacheFolder, cacheOptions, deviceOptions, engineOf, excludeOption } from "./common-options.js";

export const evalCommand = defineCommand({
  name: "eval",
  summary: "Measure a model on labelled images",
  description:
    "Of the folder that the model was trained on, the held-out test images are used, divided by the seed of the training; of another folder its test part, or all images where it has none. Classes may be missing there; others than the model's are refused.",
  examples: [
    ["bantam eval runs/photos/model.onnx photos", "accuracy, precision and recall by class"],
    ["bantam eval runs/photos/model.onnx new-photos --split all", "on every image of a folder"],
  ],
  arguments: {
    model: { kind: "path", help: "model.onnx or model.safetensors" },
    data: { kind: "path", help: "folder of images, as for fit" },
  },
  options: {
    split: { kind: "choice", of: ["test", "validation", "train", "all"], help: "which images; by default as above" },
    seed: { kind: "integer", min: 0, help: "divides the folder; by default as in the model's training" },
    ...excludeOption,
    ...deviceOptions,
    ...cacheOptions,
  },
  run: async (values, context) =>
    evaluateFile({
      ...values,
      engine: await engineOf(values, context),
      cacheDir: await cacheFolder(values.cache, context),
      signal: context.signal,
      progress: context.progress,
    }),
  show: (result, { colour, width }) => renderEvaluation(result, { colour, width }),
});
