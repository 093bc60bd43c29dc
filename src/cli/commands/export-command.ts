import { stat } from "node:fs/promises";
import { writeFileAtomic } from "../../base/files.js";
import { formatBytes, UsageError } from "../../base/index.js";
import { exportOnnx, loadModel, saveModel } from "../../shipping/index.js";
import { defineCommand } from "../command.js";
import { deviceOptions, engineOf } from "./common-options.js";
import { fileFormat } from "./file-format.js";
import { pretrainedModel, pretrainedOptions } from "./pretrained-options.js";

export const exportCommand = defineCommand({
  name: "export",
  summary: "Write a model in the form another runtime takes",
  description:
    "An .onnx file takes pixels and gives probabilities, and runs wherever ONNX Runtime does; a .safetensors file is Bantam's own, to go on from. Both hold class names and preprocessing.",
  examples: [
    ["bantam export runs/photos/model.safetensors --out shoes.onnx", "an ONNX file"],
    [
      "bantam export --weights hf:timm/efficientnet_b0.ra_in1k --out b0.onnx",
      "other people's weights, ready for any runtime",
    ],
    [
      "bantam export --weights mobilenet_v2.safetensors --network torch-mobilenet-v2 --replace-classifier 5 --out start.safetensors",
      "a network that knows how to see, with a new classifier to be trained",
    ],
  ],
  arguments: { model: { kind: "path", optional: true, help: "model.safetensors; not with --weights" } },
  options: {
    out: { kind: "path", required: true, help: "file to write, .onnx or .safetensors" },
    format: { kind: "choice", of: ["onnx", "safetensors"], help: "form of the file; by default as its name ends" },
    ...pretrainedOptions,
    "replace-classifier": {
      kind: "integer",
      min: 2,
      max: 1_000_000,
      placeholder: "CLASSES",
      help: "a new classifier of so many classes, which knows nothing yet",
    },
    seed: { kind: "integer", min: 0, default: 0, help: "of a new classifier" },
    ...deviceOptions,
  },
  shows: "stderr",
  run: async ({ model, out, replaceClassifier, seed, device, threads, ...values }, context) => {
    if ((model === undefined) === (values.weights === undefined)) {
      throw new UsageError({
        at: "bantam export",
        expected: "a model, or weights with --weights",
        received: model === undefined ? "neither" : "both",
      });
    }
    const format = values.format ?? fileFormat(out, ["onnx", "safetensors"]);
    const whole =
      (await pretrainedModel(values, context, { replaceClassifier, seed })) ??
      (await loadModel(model!, context.progress.line));
    if (format === "safetensors") await saveModel(out, whole);
    else await writeFileAtomic(out, await exportOnnx(whole, await engineOf({ device, threads }, context)));
    return { file: out, format, bytes: (await stat(out)).size };
  },
  brief: ({ file, bytes }) => `${file}: ${formatBytes(bytes)}`,
  show: ({ file, bytes }) => `${file}: ${formatBytes(bytes)}`,
});
