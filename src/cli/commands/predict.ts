import { renderPredictions } from "../../report/index.js";
import { openClassifier, predictFiles } from "../../shipping/index.js";
import { defineCommand } from "../command.js";
import { engineOf, engineOptions } from "./shared.js";

export const predictCommand = defineCommand({
  name: "predict",
  summary: "Say what is on pictures",
  examples: [["bantam predict runs/photos/model.onnx cat.jpg dog.png", "a line for each picture"]],
  arguments: {
    model: { kind: "path", help: "model.onnx or model.safetensors" },
    images: { kind: "path", variadic: true, help: "JPEG, PNG, WebP, GIF, AVIF or TIFF files" },
  },
  options: {
    top: { kind: "integer", min: 1, max: 1000, default: 5, help: "classes to give for each picture" },
    ...engineOptions,
  },
  run: async ({ model, images, top, ...rest }, context) => {
    const classifier = await openClassifier(model, await engineOf(rest, context));
    try {
      return await predictFiles(classifier, images, top);
    } finally {
      await classifier.dispose();
    }
  },
  show: (predictions, { colour, width }) => renderPredictions(predictions, { colour, width }),
});
