import { scalingSearch } from "../../jobs/index.js";
import { renderScalingSearch } from "../../report/index.js";
import { defaultGrid } from "../../scaling/index.js";
import { defineCommand } from "../command.js";
import { scalingOptions, scalingOptionsOf } from "./scaling-options.js";

const { growth, tolerance, steps } = defaultGrid;

export const scalingSearchCommand = defineCommand({
  name: "scaling-search",
  summary: "Find the coefficients of compound scaling for a baseline, by training a grid",
  description:
    "Every point of a grid of α (depth), β (width) and γ (resolution) with α·β²·γ² ≈ 2 is trained under several seeds, and the best by mean validation accuracy is kept, with those that may be as good (EfficientNet, arXiv:1905.11946, §3.3). A stopped search goes on where it was; no point is trained twice.",
  examples: [
    ["bantam scaling-search photos", "a small MobileNetV2 at half the side of the images"],
    ["bantam scaling-search photos --baseline runs/photos/model.safetensors", "the network of a fit"],
    ["bantam scaling-search photos --seeds 1 --epochs 1 --alpha-step 0.5 --beta-step 0.2", "a quick look"],
  ],
  arguments: { data: { kind: "path", help: "folder of images, as for fit" } },
  options: {
    ...scalingOptions,
    growth: { kind: "number", min: 1.01, max: 16, default: growth, help: "α·β²·γ² of a point" },
    tolerance: { kind: "number", min: 0, max: 8, default: tolerance, help: "how far a point may be off it" },
    "alpha-step": { kind: "number", min: 0.001, max: 8, default: steps.depth, help: "between values of α, from 1 on" },
    "beta-step": { kind: "number", min: 0.001, max: 8, default: steps.width, help: "the same for β" },
    "gamma-step": { kind: "number", min: 0.001, max: 8, default: steps.resolution, help: "the same for γ" },
  },
  shows: "stdout",
  run: async ({ growth, tolerance, alphaStep, betaStep, gammaStep, ...values }, context) => {
    const flags = { growth, tolerance, "alpha-step": alphaStep, "beta-step": betaStep, "gamma-step": gammaStep };
    const options = await scalingOptionsOf("scaling-search", values, flags, context);
    return scalingSearch(options, {
      growth,
      tolerance,
      steps: { depth: alphaStep, width: betaStep, resolution: gammaStep },
    });
  },
  show: (result, { colour, width }) => renderScalingSearch(result, { colour, width }),
});
