import { evaluateFile } from "../../fit/index.js";
import { renderEvaluation } from "../../report/index.js";
import { defineCommand } from "../command.js";
import { cacheFolder, cacheOptions, deviceOptions, engineOf } from "./shared.js";

export const evalCommand = defineCommand({
  name: "eval",
  summary: "Measure a model on labelled images",
  description: "Uses the held-out test images of the folder, divided by the seed the model was trained with.",
  examples: [["bantam eval runs/photos/model.onnx photos", "accuracy, precision and recall by class"]],
  arguments: {
    model: { kind: "path", help: "model.onnx or model.safetensors" },
    data: { kind: "path", help: "folder of images, as for fit" },
  },
  options: {
    split: { kind: "choice", of: ["test", "validation", "train"], default: "test", help: "which images" },
    seed: { kind: "integer", min: 0, help: "divides the folder; by default as in the model's training" },
    ...deviceOptions,
    ...cacheOptions,
  },
  run: async (values, context) =>
    evaluateFile({
      ...values,
      engine: await engineOf(values, context),
      cacheDir: cacheFolder(values.cache, context),
      signal: context.signal,
      progress: context.progress,
    }),
  show: (result, { colour, width }) => renderEvaluation(result, { colour, width }),
});
