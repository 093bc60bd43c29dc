import { writeFileAtomic } from "../../base/files.js";
import { formatBytes } from "../../base/index.js";
import { exportOnnx, loadModel } from "../../shipping/index.js";
import { defineCommand } from "../command.js";
import { engineOf, engineOptions } from "./shared.js";

export const exportCommand = defineCommand({
  name: "export",
  summary: "Write a model in the form another runtime takes",
  examples: [["bantam export runs/photos/model.safetensors --out shoes.onnx", "an ONNX file"]],
  arguments: { model: { kind: "path", help: "model.safetensors" } },
  options: {
    format: { kind: "choice", of: ["onnx"], default: "onnx", help: "form of the file" },
    out: { kind: "path", required: true, help: "file to write" },
    ...engineOptions,
  },
  shows: "stderr",
  run: async ({ model, out, format, ...rest }, context) => {
    const bytes = await exportOnnx(await loadModel(model), await engineOf(rest, context), []);
    await writeFileAtomic(out, bytes);
    return { file: out, format, bytes: bytes.length };
  },
  show: ({ file, bytes }) => `${file}: ${formatBytes(bytes)}`,
});
